//! The `waybill` command: its subcommands, their output and their exit codes.
//!
//! One file or folder per subcommand. Each returns an exit code or a failure; only [`failure`]
//! knows the exit codes of failures, only [`output`] prints, and every text of external origin goes
//! through [`escape`] before it is shown.

mod actor;
mod audit;
mod completions;
mod config;
mod confirm;
mod dead;
pub mod demo;
pub mod dev;
mod doctor;
mod erase;
mod failure;
mod fields;
mod get;
mod health;
mod key;
mod migrate;
mod name;
mod open;
pub mod output;
mod producer;
mod publish;
mod push;
mod quota;
pub mod reference;
mod remote;
mod resend;
mod run;
mod schema;
mod servers;
mod session;
mod tenant;
mod watch;
mod workflow;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::failure::Failure;
use crate::config::LogFormat;
use crate::tls;
use crate::view::escape;

const EXAMPLES: &str = "\
Examples:
  waybill migrate                        create or update the tables
  waybill run                            consume events until SIGTERM
  waybill publish events.jsonl           publish one event per line
  waybill open purchase --set amount=3   open an order, print its token
  waybill push 8a4f0c --stage finance    move it on from a stage
  waybill get 8a4f0c                     show a process with its history
  waybill watch 8a4f0c --timeout 5m      follow it until it ends
  waybill get 8a4f0c --url http://waybill:8080 --key-file key
  waybill dead list --reason invalid_field
  waybill resend --token 8a4f0c          send its completion again
  waybill erase --token 8a4f0c           erase it with everything that is kept of it
  waybill workflow apply purchase.toml   store the workflow that orders follow
  waybill key create --tenant acme --scope read
  waybill tenant add acme                give a tenant exchanges of its own
  waybill doctor                         check settings, database and broker
  waybill dev --demo                     try everything, with private servers

Settings come from defaults, a TOML file, WAYBILL_… variables (DATABASE_URL and AMQP_URL too) and
--set; each overrides those before it. `waybill config` shows them.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 unknown token, dead letter,
workflow or key; `waybill watch` has more.";

/// The log filter of `--verbose`; at debug level the libraries would log parameters.
const VERBOSE: &str = "warn,waybill=debug";

/// Keeps one truthful record per upload or order, and says when it is done.
#[derive(Debug, Parser)]
#[command(name = "waybill", version, after_help = EXAMPLES, arg_required_else_help = true)]
#[command(max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    sources: Sources,
    #[command(subcommand)]
    command: Command,
}

/// Where settings come from besides the environment.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct Sources {
    /// Read this TOML file [default: the one that the variable WAYBILL_CONFIG names].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one setting; overrides file and environment; repeatable.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Why, for the audit of what this command changes.
    #[arg(long, global = true, value_name = "TEXT")]
    why: Option<String>,
    /// Log more, to the standard error.
    #[arg(long, short, global = true)]
    verbose: bool,
}

impl Sources {
    /// These sources with other `--set` flags.
    fn with(&self, set: Vec<String>) -> Self {
        Self {
            config: self.config.clone(),
            set,
            why: self.why.clone(),
            verbose: self.verbose,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Migrate(migrate::Migrate),
    Config(config::Config),
    Publish(publish::Publish),
    Open(open::Open),
    Push(push::Push),
    Get(get::Get),
    Watch(watch::Watch),
    Dead(dead::Dead),
    Resend(resend::Resend),
    Erase(erase::Erase),
    Workflow(workflow::Workflow),
    Key(key::Key),
    Session(session::Session),
    Tenant(tenant::Tenant),
    Producer(producer::Producer),
    Quota(quota::Quota),
    Audit(audit::Audit),
    Doctor(doctor::Doctor),
    Health(health::Health),
    Schema(schema::Schema),
    Dev(dev::Dev),
    Completions(completions::Completions),
}

/// Parses the command line, runs the command, and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // If even this can't be printed, only the exit code is left.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    tls::install();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(error).report(),
    };
    let ended = runtime.block_on(dispatch(cli));
    // A read of the standard input can't be called off, and nothing else is left to wait for.
    runtime.shutdown_background();
    let _ = std::io::stdout().lock().flush();
    ended.unwrap_or_else(|failure| failure.report())
}

async fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let Cli { sources, command } = cli;
    if sources.verbose && !matches!(command, Command::Run(_) | Command::Dev(_)) {
        servers::log(VERBOSE, LogFormat::Text)?;
    }
    match command {
        Command::Run(run) => run::run(&run, &sources).await,
        Command::Migrate(_) => migrate::run(&sources).await,
        Command::Config(_) => config::run(&sources),
        Command::Publish(publish) => publish::run(&publish, &sources).await,
        Command::Open(open) => open::run(&open, &sources).await,
        Command::Push(push) => push::run(&push, &sources).await,
        Command::Get(get) => get::run(&get, &sources).await,
        Command::Watch(watch) => watch::run(&watch, &sources).await,
        Command::Dead(dead) => dead::run(dead, &sources).await,
        Command::Resend(resend) => resend::run(&resend, &sources).await,
        Command::Erase(erase) => erase::run(erase, &sources).await,
        Command::Workflow(workflow) => workflow::run(workflow, &sources).await,
        Command::Key(key) => key::run(key, &sources).await,
        Command::Session(session) => session::run(session, &sources).await,
        Command::Tenant(tenant) => tenant::run(tenant, &sources).await,
        Command::Producer(producer) => producer::run(producer, &sources).await,
        Command::Quota(quota) => quota::run(quota, &sources).await,
        Command::Audit(audit) => audit::run(&audit, &sources).await,
        Command::Doctor(_) => doctor::run(&sources).await,
        Command::Health(health) => health::run(&health, &sources).await,
        Command::Schema(schema) => schema::run(&schema),
        Command::Dev(dev) => run::dev(dev, &sources).await,
        Command::Completions(completions) => completions::run(&completions),
    }
}

/// The command line as clap knows it, for completions and the documentation.
fn definition() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::definition().debug_assert();
    }
}
