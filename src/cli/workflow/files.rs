//! Reads the workflow files of the command line and reports their faults.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::{escape, output};
use crate::domain::workflow::Workflow;
use crate::wire::workflow_file::{self, FILE_BYTES_MAX, WorkflowFault};

/// A workflow file without faults.
#[derive(Debug)]
pub(super) struct ValidFile {
    pub(super) workflow: Workflow,
    pub(super) source: String,
}

/// Reads all files and reports every fault; `consequence` ends the error message.
pub(super) fn read(paths: &[PathBuf], consequence: &str) -> Result<Vec<ValidFile>, Failure> {
    let mut valid = Vec::new();
    let mut faulty = 0;
    let mut names: BTreeMap<String, &Path> = BTreeMap::new();
    for path in paths {
        let bytes = bytes(path).map_err(|error| {
            Failure::Failed(format!("{} can't be read: {error}", path.display()))
        })?;
        let read = workflow_file::read(&bytes).and_then(|workflow| {
            match names.insert(workflow.name.clone(), path) {
                None => Ok(workflow),
                Some(other) => Err(vec![duplicate(&workflow.name, other)]),
            }
        });
        match read {
            Ok(workflow) => valid.push(ValidFile {
                workflow,
                source: String::from_utf8_lossy(&bytes).into_owned(),
            }),
            Err(faults) => {
                faulty += 1;
                report(path, &faults)?;
            }
        }
    }
    if faulty == 0 {
        return Ok(valid);
    }
    let count = paths.len();
    Err(Failure::Failed(format!(
        "files with faults: {faulty} of {count}{consequence}"
    )))
}

/// Prints one line per fault, in the format of compilers, so that editors can go to the line.
fn report(path: &Path, faults: &[WorkflowFault]) -> io::Result<()> {
    for WorkflowFault { line, message } in faults {
        let text = format!("{}:{line}: {message}", path.display());
        output::remark(&escape::line(&text))?;
    }
    Ok(())
}

fn duplicate(name: &str, other: &Path) -> WorkflowFault {
    let message = format!(
        "the name `{name}` is also used in {}; rename one of the two workflows",
        other.display()
    );
    WorkflowFault { line: 1, message }
}

/// Reads up to one byte more than the limit, which suffices to refuse the file.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
