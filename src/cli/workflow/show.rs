//! `waybill workflow show`: one version of a workflow, drawn.

use std::fmt::Write;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;

use super::{details, dot, drawing};
use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};
use crate::store::Store;
use crate::store::admin::workflow::StoredWorkflow;
use crate::wire::workflow_file;

/// Draw a workflow: its stages, their forms and deadlines.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill workflow show purchase
  waybill workflow show purchase --version 2 --source > purchase.toml
  waybill workflow show purchase --dot | dot -Tsvg > purchase.svg

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 no such workflow.")]
pub(super) struct Show {
    /// The name of the workflow.
    name: String,
    /// The version [default: the newest].
    #[arg(long, value_name = "N")]
    version: Option<i32>,
    /// Print the graph in the DOT language of Graphviz.
    #[arg(long)]
    dot: bool,
    /// Print the file as it was applied.
    #[arg(long, conflicts_with = "dot")]
    source: bool,
}

pub(super) async fn run(show: &Show, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let stored = match store.load_workflow(&show.name, show.version).await? {
        Some(stored) => stored,
        None => return Err(unknown(&store, show).await?),
    };
    let text = if show.source {
        source(stored.source)
    } else {
        render(&stored, show.dot)?
    };
    output::line(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn render(stored: &StoredWorkflow, as_dot: bool) -> Result<String, Failure> {
    let workflow = workflow_file::read(stored.source.as_bytes()).map_err(|_| {
        Failure::Failed(format!(
            "version {} of `{}` was applied by another version of this program and is invalid for \
             this one; print the file with `--source`",
            stored.version, stored.name
        ))
    })?;
    if as_dot {
        return Ok(escape::block(&dot::graph(&workflow)).into_owned());
    }
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}, version {} of {:.0}\n",
        stored.name, stored.version, stored.created_at
    );
    text.push_str(&drawing::draw(&workflow));
    text.push_str(&details::list(&workflow));
    Ok(escape::block(&text).into_owned())
}

/// The file: unchanged, but escaped on a terminal.
fn source(text: String) -> String {
    if std::io::stdout().is_terminal() {
        escape::block(&text).into_owned()
    } else {
        text
    }
}

async fn unknown(store: &Store, show: &Show) -> Result<Failure, Failure> {
    let newest = store.load_workflow(&show.name, None).await?;
    Ok(Failure::Unknown(match (newest, show.version) {
        (Some(newest), Some(version)) => format!(
            "no version {version} of the workflow `{}`; the newest is {}",
            show.name, newest.version
        ),
        _ => format!("no workflow `{}`; see `waybill workflow list`", show.name),
    }))
}
