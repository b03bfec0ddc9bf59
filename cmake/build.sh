# What `./run` and `./test` share: installs what is missing, configures, builds. Says
# what it does on standard error, and nothing when there is nothing to do.
#
# SLUICE_LAUNCHER, if set when a build is configured, is the command put before each
# compiler call instead of ccache.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

say() {
  echo "sluice: $*" >&2
}

# install_missing LIST... installs the Debian packages in cmake/packages-LIST.txt.
install_missing() {
  local wanted missing as_root=()
  mapfile -t wanted < <(for list in "$@"; do cat "$root/cmake/packages-$list.txt"; done)
  mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
    <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null |
      sed -n 's/^installed //p' | sort -u))
  [[ ${#missing[@]} -eq 0 ]] && return
  if ! command -v apt-get >/dev/null; then
    say "this is no Debian; please install: ${missing[*]}"
    return 1
  fi
  [[ $EUID -ne 0 ]] && as_root=(sudo)
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${missing[@]}" >&2
}

# configure PRESET DIRECTORY, unless that is done already; Ninja notices by itself when
# a CMakeLists.txt has changed, but not when the presets have.
configure() {
  local preset="$1" directory="$2" launcher=()
  if [[ -f "$directory/build.ninja" && ! "$root/CMakePresets.json" -nt "$directory/build.ninja" ]]; then
    return
  fi
  if [[ -n "${SLUICE_LAUNCHER:-}" ]]; then
    launcher=("-DCMAKE_C_COMPILER_LAUNCHER=$SLUICE_LAUNCHER"
      "-DCMAKE_CXX_COMPILER_LAUNCHER=$SLUICE_LAUNCHER")
  fi
  say "configuring $directory"
  (cd "$root" && cmake --preset "$preset" "${launcher[@]}") >&2
}

# One compiler takes up to 1 GB, and these are small machines.
jobs_that_fit() {
  local cores free_gib
  cores="$(nproc)"
  free_gib="$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)"
  local jobs=$((cores < 2 ? cores : 2))
  echo $((free_gib < jobs ? (free_gib < 1 ? 1 : free_gib) : jobs))
}

# build DIRECTORY TARGET... Ninja tells its steps, but not that there are none.
build() {
  local directory="$1"
  shift
  cmake --build "$directory" --parallel "$(jobs_that_fit)" --target "$@" 2>&1 |
    sed -u '/no work to do\.$/d; /Re-checking globbed directories/d' >&2
}
