"""What docs/openapi.json describes is what the routes in app/http answer: the same paths,
methods, parameters and kinds of body; and each reference in it leads somewhere."""

import json
import re

import check

FILE = "docs/openapi.json"
ROUTES = "app/http/*_routes.cpp"
ROW = re.compile(r'\{\s*(get|post|put|patch|erase),\s*"([^"]+)",\s*body_kind::(\w+),'
                 r'\s*[\w<>]+(?:,\s*(?:\{([^}]*)\}|(\w+)))?')
# Several rows may take the same parameters.
NAMED = re.compile(r"parameter_names (\w+)\s*\{([^}]*)\}")
METHODS = ("get", "post", "put", "patch", "delete")
BODIES = {
    "none": set(),
    "json": {"application/json"},
    "merge_patch": {"application/json", "application/merge-patch+json"},
    "lines": {"text/plain", "application/x-ndjson"},
}


def words(text):
    return sorted(re.findall(r'"([^"]*)"', text))


def routes(root):
    """(method, path) to the kind of body and the parameters; and what cannot be read as
    a row."""
    found = {}
    findings = []
    for path in sorted(root.glob(ROUTES)):
        text = path.read_text(encoding="utf-8")
        rows = ROW.findall(text)
        if len(rows) != text.count("body_kind::"):
            findings.append(f"{path.name}: has a row that this check cannot read")
        named = dict(NAMED.findall(text))
        for verb, pattern, body, listed, name in rows:
            taken = words(named.get(name, listed))
            found["delete" if verb == "erase" else verb, pattern] = body, taken
    return found, findings


def operations(document):
    """(method, path) to the operation and its path's parameters."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method], item.get("parameters", [])


def nodes(x):
    yield x
    for child in x.values() if isinstance(x, dict) else x if isinstance(x, list) else ():
        yield from nodes(child)


def references(document):
    return [x["$ref"] for x in nodes(document)
            if isinstance(x, dict) and isinstance(x.get("$ref"), str)]


def resolve(document, reference):
    """What a reference leads to, or None."""
    if not reference.startswith("#/"):
        return None
    place = document
    for step in reference[2:].split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(place, dict) or step not in place:
            return None
        place = place[step]
    return place


def judge_references(document):
    used = references(document)
    findings = [f"{FILE}: {x} leads nowhere"
                for x in sorted(set(used)) if resolve(document, x) is None]
    for kind, parts in document.get("components", {}).items():
        if kind != "securitySchemes":
            findings += [f"{FILE}: nothing refers to {kind}/{name}" for name in parts
                         if f"#/components/{kind}/{name}" not in used]
    return findings


def judge_operation(document, where, path, operation, shared, route):
    findings = []
    body, taken = route
    content = operation.get("requestBody", {}).get("content", {})
    if set(content) != BODIES.get(body):
        findings.append(f"{where} takes {sorted(content)}, and the route {body}")
    parameters = [resolve(document, x["$ref"]) or {} if "$ref" in x else x
                  for x in shared + operation.get("parameters", [])]
    named = [x.get("name") for x in parameters if x.get("in") == "path"]
    if sorted(named) != sorted(re.findall(r"\{(\w+)\}", path)):
        findings.append(f"{where} does not declare what its path names, but {named}")
    asked = sorted(x.get("name") for x in parameters if x.get("in") == "query")
    if asked != taken:
        findings.append(f"{where} has the parameters {asked}, and the route {taken}")
    if not any(status.startswith(("1", "2")) for status in operation.get("responses", {})):
        findings.append(f"{where} has no answer that is no error")
    return findings


def openapi(root):
    try:
        document = json.loads((root / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return [f"{FILE}: {error}"]
    built, findings = routes(root)
    described = set()
    for method, path, operation, shared in operations(document):
        where = f"{FILE}: {method} {path}"
        place = method, re.sub(r"\{\w+\}", "{}", path)
        if place in described:
            findings.append(f"{where} is described twice")
        described.add(place)
        if place not in built:
            findings.append(f"{where} has no route")
        else:
            findings += judge_operation(document, where, path, operation, shared,
                                        built[place])
    findings += [f"{FILE}: {method} {path} is missing"
                 for method, path in sorted(set(built) - described)]
    return findings + judge_references(document)


def tree(paths, parameter="name", components=None):
    components = components or {
        "parameters": {"Name": {"name": parameter, "in": "path", "required": True}}}
    document = {"openapi": "3.1.0", "paths": paths, "components": components}
    return {FILE: json.dumps(document)}


def sample_paths(method="put", path="/v1/a/{name}", reference="#/components/parameters/Name",
                 media="application/json", status="200"):
    operation = {"parameters": [{"$ref": reference}],
                 "requestBody": {"content": {media: {}}}, "responses": {status: {}}}
    return {"/v1/a": {"get": {"parameters": QUERY, "responses": {"200": {}}}},
            path: {method: operation}}


QUERY = [{"name": name, "in": "query"} for name in ("x", "y")]
ROWS = ('parameter_names both{"y", "x"};\n'
        '{get, "/v1/a", body_kind::none, f<g>, both},\n'
        '{put, "/v1/a/{}", body_kind::json, f, {}, true},\n')
TREE = {"app/http/a_routes.cpp": ROWS} | tree(sample_paths())
UNUSED = {"parameters": {"Name": {"name": "name", "in": "path"}, "Other": {}}}

SAMPLES = [
    {"app/http/b_routes.cpp": '{post, "/v1/b", body_kind::none, f},\n'},
    {"app/http/b_routes.cpp": '{erase, "/v1/a/{}", body_kind::none, f},\n'},
    {"app/http/b_routes.cpp": "{get, path_of_b, body_kind::none, f},\n"},
    {"app/http/a_routes.cpp": ROWS.replace("body_kind::json", "body_kind::lines")},
    {"app/http/a_routes.cpp": ROWS.replace("{put,", "{patch,")},
    {"app/http/a_routes.cpp": ROWS.replace('{"y", ', "{")},
    {"app/http/a_routes.cpp": ROWS.replace("{}, true", '{"z"}, true')},
    {"app/http/a_routes.cpp": ROWS[:ROWS.index("{put")]},
    tree(sample_paths(method="patch")),
    tree(sample_paths(path="/v1/b/{name}")),
    tree(sample_paths(reference="#/components/parameters/Nome")),
    tree(sample_paths(reference="other.json#/components/parameters/Name")),
    tree(sample_paths(media="text/plain")),
    tree(sample_paths(status="400")),
    tree(sample_paths(), parameter="store"),
    tree(sample_paths(), components=UNUSED),
    tree(sample_paths() | {"/v1/a/{other}": sample_paths()["/v1/a/{name}"]}),
    tree({}),
    {FILE: "{"},
]

if __name__ == "__main__":
    check.main(openapi, SAMPLES, TREE)
