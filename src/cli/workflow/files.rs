//! Workflow files as they are given on the command line, and how their faults are told.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::{escape, output};
use crate::domain::workflow::Workflow;
use crate::wire::workflow_file::{self, FILE_BYTES_MAX, Fault};

/// A file without faults.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) workflow: Workflow,
    pub(super) source: String,
}

/// Reads all files; tells every fault of each of them, and what follows from that.
pub(super) fn read(paths: &[PathBuf], consequence: &str) -> Result<Vec<Sound>, Failure> {
    let mut sound = Vec::new();
    let mut faulty = 0;
    let mut names: BTreeMap<String, &Path> = BTreeMap::new();
    for path in paths {
        let bytes = bytes(path).map_err(|error| {
            Failure::Failed(format!("{} can't be read: {error}", path.display()))
        })?;
        let read = workflow_file::read(&bytes).and_then(|workflow| {
            match names.insert(workflow.name.clone(), path) {
                None => Ok(workflow),
                Some(other) => Err(vec![twice(&workflow.name, other)]),
            }
        });
        match read {
            Ok(workflow) => sound.push(Sound {
                workflow,
                source: String::from_utf8_lossy(&bytes).into_owned(),
            }),
            Err(faults) => {
                faulty += 1;
                tell(path, &faults)?;
            }
        }
    }
    if faulty == 0 {
        return Ok(sound);
    }
    let count = paths.len();
    Err(Failure::Failed(format!(
        "files with faults: {faulty} of {count}{consequence}"
    )))
}

/// One line per fault, as compilers tell theirs, so that editors find the place.
fn tell(path: &Path, faults: &[Fault]) -> io::Result<()> {
    for Fault { line, message } in faults {
        let said = format!("{}:{line}: {message}", path.display());
        output::remark(&escape::line(&said))?;
    }
    Ok(())
}

fn twice(name: &str, other: &Path) -> Fault {
    let message = format!(
        "the workflow `{name}` is in {} too; give one of them another name",
        other.display()
    );
    Fault { line: 1, message }
}

/// Not more than a workflow may have and one byte, which is enough to refuse it.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
