#include "app/config/load.hpp"

#include "app/config/keys.hpp"
#include "app/config/layers.hpp"
#include "app/config/whole.hpp"

namespace sluice::config {

namespace {

// Later assignments win, within a layer as well.
void apply(configuration& to, const assignments& values, layer from) {
  for (const auto& [which, what] : values) {
    store(*which, to.settings, what);
    to.sources[which->name] = from;
  }
}

} // namespace

std::string to_string(layer from) {
  switch (from) {
    case layer::fallback:
      return "default";
    case layer::profile:
      return "profile";
    case layer::file:
      return "file";
    case layer::environment:
      return "environment";
    case layer::command_line:
      return "command-line";
    case layer::set:
      return "set";
  }
  return "unknown";
}

caf::expected<configuration> load_all(const std::vector<std::string>& arguments,
                                      const environment& variables) {
  auto options = read_command_line(arguments);
  if (!options)
    return options.error();
  configuration result;
  result.what = options->what;
  result.file = options->file;
  if (result.what == command::print_ini && options->sets_something())
    result.what = command::print_effective;
  if (result.what != command::serve && result.what != command::print_effective)
    return result;
  auto file = options->file.empty() ? assignments{} : read_file(options->file);
  if (!file)
    return file.error();
  // The profile's name may stand in a stronger layer than the profile's values.
  apply(result, *file, layer::file);
  apply(result, options->values, layer::command_line);
  auto profile = read_profile(result.settings.profile);
  if (!profile)
    return profile.error();
  result.settings = {};
  result.sources.clear();
  apply(result, *profile, layer::profile);
  apply(result, *file, layer::file);
  auto variables_set = read_environment(variables, result.settings);
  if (!variables_set)
    return variables_set.error();
  apply(result, *variables_set, layer::environment);
  apply(result, options->values, layer::command_line);
  complete(result.settings);
  if (auto err = check_whole(result.settings))
    return err;
  return result;
}

caf::expected<configuration> load_again(const std::vector<std::string>& arguments,
                                        const environment& variables) {
  return load_all(arguments, variables);
}

} // namespace sluice::config
