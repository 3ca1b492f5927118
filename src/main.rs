//! The `waybill` command.

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(waybill::cli::dev::Dev),
}

#[tokio::main]
async fn main() -> anyhow::Result<std::process::ExitCode> {
    let cli = Cli::parse();
    waybill::telemetry::install("info", None)?;
    let Command::Dev(dev) = cli.command;
    let good = waybill::cli::dev::run(dev, &[]).await?;
    Ok(if good {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    })
}
