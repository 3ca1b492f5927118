//! No circle of files: a file may use its parents and what lies below itself, and apart from that
//! files use each other in one direction.

use std::collections::{BTreeMap, BTreeSet};

use crate::{files, is_test, read, root};

/// A module by the names on the way to it.
type Module = Vec<String>;

/// The modules of the library, each with its code.
struct Library {
    code: BTreeMap<Module, String>,
    /// The re-exports of each module, by their names there.
    exports: BTreeMap<Module, BTreeMap<String, Module>>,
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let library = Library::read();
    let uses: BTreeMap<_, _> = library
        .code
        .keys()
        .map(|module| (module, library.uses(module)))
        .collect();
    let mut done = BTreeSet::new();
    for module in library.code.keys() {
        if let Some(circle) = circle(module, &uses, &mut done, &mut Vec::new()) {
            let names: Vec<_> = circle.iter().map(|module| module.join("/")).collect();
            panic!("these files use each other: {}", names.join(" → "));
        }
    }
}

/// Searches for a circle from a module on.
fn circle(
    module: &Module,
    uses: &BTreeMap<&Module, BTreeSet<Module>>,
    done: &mut BTreeSet<Module>,
    way: &mut Vec<Module>,
) -> Option<Vec<Module>> {
    if let Some(at) = way.iter().position(|before| before == module) {
        return Some(way.split_off(at));
    }
    if done.contains(module) {
        return None;
    }
    way.push(module.clone());
    for used in uses.get(module).into_iter().flatten() {
        if let Some(circle) = circle(used, uses, done, way) {
            return Some(circle);
        }
    }
    way.pop();
    done.insert(module.clone());
    None
}

impl Library {
    fn read() -> Self {
        let src = root().join("src");
        let code = files(&src, "rs").into_iter().filter(|file| !is_test(file));
        let code: BTreeMap<Module, String> = code
            .map(|file| {
                let path = file.strip_prefix(&src).unwrap().with_extension("");
                let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
                let names = names.filter(|name| !["mod", "lib", "main"].contains(&name.as_str()));
                (names.collect(), without_tests_and_comments(&read(&file)))
            })
            .collect();
        let mut library = Self {
            code,
            exports: BTreeMap::new(),
        };
        for (module, code) in &library.code {
            let mut exports = BTreeMap::new();
            for (visibility, tree) in imports(code) {
                if visibility {
                    for path in leaves(&tree) {
                        let name = path.last().unwrap().clone();
                        let name = name.split(" as ").last().unwrap().to_owned();
                        exports.extend(library.absolute(module, &path).map(|path| (name, path)));
                    }
                }
            }
            library.exports.insert(module.clone(), exports);
        }
        library
    }

    /// The modules that a module uses, except its parents.
    fn uses(&self, module: &Module) -> BTreeSet<Module> {
        let code = &self.code[module];
        let trees = imports(code).into_iter();
        let mut paths: Vec<Module> = trees.flat_map(|(_, tree)| leaves(&tree)).collect();
        paths.extend(inline_paths(code));
        let used = paths.iter().filter_map(|path| self.absolute(module, path));
        let used = used.map(|path| self.home(&path));
        used.filter(|used| !module.starts_with(used)).collect()
    }

    /// A path from the root of the library; `None` if it leads elsewhere.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut from = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => from.clear(),
            "self" | "super" => {}
            child => {
                from.push(child.to_owned());
                return self
                    .code
                    .contains_key(&from)
                    .then(|| [module, path].concat());
            }
        }
        while let Some(("crate" | "self" | "super", after)) = rest
            .split_first()
            .map(|(first, after)| (first.as_str(), after))
        {
            if rest[0] == "super" {
                from.pop();
            }
            rest = after;
        }
        Some([&from, rest].concat())
    }

    /// The module that contains the item of a path.
    fn home(&self, path: &[String]) -> Module {
        let mut module = Module::new();
        for (at, name) in path.iter().enumerate() {
            let name = name.split(" as ").next().unwrap();
            let mut child = module.clone();
            child.push(name.to_owned());
            if self.code.contains_key(&child) {
                module = child;
            } else if let Some(other) = self.exports.get(&module).and_then(|e| e.get(name)) {
                return self.home(&[other, &path[at + 1..]].concat());
            } else {
                break;
            }
        }
        module
    }
}

fn without_tests_and_comments(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Each import, and whether it is a re-export.
fn imports(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let line = rest[..at].rsplit('\n').next().unwrap().trim();
        rest = &rest[at + 4..];
        if line.is_empty() || line.starts_with("pub") {
            let (tree, after) = rest.split_once(';').unwrap();
            found.push((!line.is_empty(), tree.to_owned()));
            rest = after;
        }
    }
    found
}

/// The paths of an import.
fn leaves(tree: &str) -> Vec<Module> {
    let tree = tree.trim();
    let Some((head, inner)) = tree.split_once('{') else {
        let names = tree.split("::").map(str::to_owned);
        return vec![
            names
                .filter(|name| name != "self" || tree.starts_with("self"))
                .collect(),
        ];
    };
    let head: Vec<_> = head
        .split("::")
        .filter(|name| !name.trim().is_empty())
        .collect();
    let inner = inner.rsplit_once('}').unwrap().0;
    let mut depth = 0;
    let parts = inner.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    let of = |part: &str| match part {
        "self" => head.join("::"),
        _ => [&head[..], &[part]].concat().join("::"),
    };
    parts.flat_map(|part| leaves(&of(part))).collect()
}

/// Paths in the code itself, from `crate`, `super`, or a module below.
fn inline_paths(code: &str) -> Vec<Module> {
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let paths = words.filter(|word| word.contains("::") && !word.starts_with(':'));
    let names = paths.map(|path| path.split("::").map(str::to_owned).collect());
    names.collect()
}
