//! Reads the configuration: defaults, then the file with `${VAR}`, then `CONFTRAIL__…` variables.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use conftrail_engine::YamlPlaces;
use serde_json::Value as Json;

use super::{Config, Problem, SourceConfig};

/// The file that is read when none is named and it exists.
pub const DEFAULT_FILE: &str = "conftrail.yaml";
/// Variables that override a key: `CONFTRAIL__API__LISTEN` is `api.listen`.
const OVERRIDE: &str = "CONFTRAIL__";

/// Reads a file, or the defaults when none is named and [`DEFAULT_FILE`] does not exist.
///
/// Relative paths in a file are relative to it.
///
/// # Errors
/// Every problem found, with its place.
pub fn load(file: Option<&Path>) -> Result<Config, Vec<Problem>> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => String::new(),
        Err(error) => return Err(vec![Problem::of_file(path, format!("cannot be read: {error}"))]),
    };
    let environment: HashMap<String, String> = std::env::vars().collect();
    let mut config = load_text(path, &text, &environment)?;
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        config.anchor(directory);
    }
    Ok(config)
}

/// Reads a configuration from its text, as [`load`] does.
///
/// # Errors
/// Every problem found, with its place.
pub fn load_text(
    path: &Path,
    text: &str,
    environment: &HashMap<String, String>,
) -> Result<Config, Vec<Problem>> {
    let options = || serde_saphyr::Options::default().with_properties(environment.clone());
    let of_yaml = |error: serde_saphyr::Error| vec![Problem::of_yaml(path, text, &error)];
    let blank = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    let mut config: Config = if blank {
        Config::default()
    } else {
        serde_saphyr::from_str_with_options(text, options()).map_err(of_yaml)?
    };
    let mut overrides: Vec<_> = environment.iter().filter(|(name, _)| name.starts_with(OVERRIDE)).collect();
    if !overrides.is_empty() {
        overrides.sort();
        let mut tree: Json = match blank {
            true => Json::Object(Default::default()),
            false => serde_saphyr::from_str_with_options(text, options()).map_err(of_yaml)?,
        };
        for (name, value) in overrides {
            set(&mut tree, &name[OVERRIDE.len()..], value)
                .map_err(|message| vec![Problem::of_file(Path::new(name), message)])?;
        }
        config = serde_json::from_value(tree)
            .map_err(|error| vec![Problem::of_file(Path::new("CONFTRAIL__ variables"), error.to_string())])?;
    }
    let said = config.problems();
    if said.is_empty() {
        return Ok(config);
    }
    let places = YamlPlaces::of(text);
    let mut problems: Vec<Problem> = said
        .into_iter()
        .map(|said| match overriding(environment, &said) {
            Some(variable) => Problem::of_file(Path::new(variable), said),
            None => Problem::at(path, text, places.place(path_of(&said)), said),
        })
        .collect();
    problems.sort_by_key(|problem| problem.place);
    Err(problems)
}

/// Returns the key that a problem, `path: what and the way out`, is about.
fn path_of(said: &str) -> &str {
    said.split_once(": ").map_or("", |(path, _)| path)
}

/// Returns the variable that set the key which a problem is about: its place is not in the file.
fn overriding<'e>(environment: &'e HashMap<String, String>, said: &str) -> Option<&'e str> {
    let path = path_of(said).replace('[', ".").replace(']', "");
    let covers = |name: &&str| {
        let Some(key) = name.strip_prefix(OVERRIDE) else { return false };
        let key = key.to_lowercase().replace("__", ".");
        path.strip_prefix(&key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    // The longest is the most exact; of equals the first by name, so that the answer is always the same.
    environment
        .keys()
        .map(String::as_str)
        .filter(covers)
        .max_by_key(|name| (name.len(), std::cmp::Reverse(*name)))
}

/// Sets one overridden key; numbers are list places.
fn set(tree: &mut Json, path: &str, value: &str) -> Result<(), String> {
    let mut node = tree;
    for part in path.split("__") {
        let key = part.to_lowercase();
        node = match node {
            Json::Array(items) => {
                let place: usize =
                    key.parse().map_err(|_| format!("`{key}` must be a list's place, from 0"))?;
                items.get_mut(place).ok_or_else(|| format!("the list has no place {place}"))?
            }
            other => {
                if !other.is_object() {
                    *other = Json::Object(Default::default());
                }
                other.as_object_mut().expect("made an object above").entry(key).or_insert(Json::Null)
            }
        };
    }
    *node = serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
    Ok(())
}

impl Config {
    /// Returns every problem that can be seen without asking anyone, each as `path: what and the way out`.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut names = BTreeSet::from(["conftrail"]);
        for (index, source) in self.sources.iter().enumerate() {
            let own = match source {
                SourceConfig::Files(config) => config.validate(),
                SourceConfig::Mysql(config) => config.validate(),
            };
            problems.extend(own.into_iter().map(|said| format!("sources[{index}].{said}")));
            if !names.insert(source.name()) {
                let name = source.name();
                problems
                    .push(format!("sources[{index}].name: `{name}` is taken; names are part of every id"));
            }
        }
        if let Err(error) = conftrail_pipeline::Classifier::new(self.classify.clone()) {
            problems.push(conftrail_core::explain(&error));
        }
        problems.extend(self.mask.rules().validate().into_iter().map(|said| format!("mask.{said}")));
        problems.extend(self.rules.validate().into_iter().map(|said| format!("rules.{said}")));
        problems.extend(self.api.validate().into_iter().map(|said| format!("api.{said}")));
        problems.extend(crate::telemetry::filter(&self.telemetry.log).err().map(|error| format!("{error}")));
        problems
    }

    /// Makes relative paths relative to a directory.
    fn anchor(&mut self, directory: &Path) {
        let anchored = |path: &mut PathBuf| *path = directory.join(&*path);
        anchored(&mut self.data_dir);
        for path in
            [&mut self.mask.key_file, &mut self.rules.dir, &mut self.rules.routing].into_iter().flatten()
        {
            anchored(path);
        }
        for source in &mut self.sources {
            match source {
                SourceConfig::Files(config) => anchored(&mut config.path),
                SourceConfig::Mysql(config) => {
                    let tls = &mut config.tls;
                    [&mut config.password_file, &mut tls.ca_file, &mut tls.cert_file, &mut tls.key_file]
                        .into_iter()
                        .flatten()
                        .for_each(anchored);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_are_relative_to_the_file() {
        let text = "data_dir: data\nmask: { key_file: mask.key }\nrules: { dir: /etc/rules }\nsources:\n\
                    - { name: app, kind: files, path: app }\n\
                    - { name: db, kind: mysql, url: 'mysql://cdc@db', include: ['a.b'], password_file: cdc,\n\
                    \x20   tls: { mode: verify-ca, ca_file: ca.pem, cert_file: own.pem, key_file: own.key } }\n";
        let mut config = load_text(Path::new("x.yaml"), text, &HashMap::new()).unwrap();
        config.anchor(Path::new("/srv"));
        assert_eq!(config.data_dir, Path::new("/srv/data"));
        assert_eq!(config.rules.dir.as_deref(), Some(Path::new("/etc/rules")));
        let (SourceConfig::Files(files), SourceConfig::Mysql(mysql)) =
            (&config.sources[0], &config.sources[1])
        else {
            panic!("{:?}", config.sources);
        };
        assert_eq!(files.path, Path::new("/srv/app"));
        let tls = &mysql.tls;
        let of_mysql = [&mysql.password_file, &tls.ca_file, &tls.cert_file, &tls.key_file];
        let expected = ["/srv/cdc", "/srv/ca.pem", "/srv/own.pem", "/srv/own.key"];
        assert_eq!(of_mysql.map(|path| path.as_deref().unwrap()), expected.map(Path::new));
    }
}
