//! Describes the machine, without which the numbers mean little.

use std::fs;
use std::process::Command;

use crate::ground::{Ground, query};

/// One line of text.
pub(crate) async fn describe(ground: &Ground) -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu =
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let rows = query(&ground.servers.postgres.url(), "show server_version").await?;
    let postgres: String = rows.first().map(|row| row.get(0)).unwrap_or_default();
    let rabbitmq = ground.servers.rabbitmq.ctl(&["version"]).await?;
    Ok(format!(
        "{cores} cores ({cpu}), {} GiB of memory, Linux {}, PostgreSQL {}, RabbitMQ {}, {}",
        kib / 1024 / 1024,
        kernel.trim(),
        postgres.split(' ').next().unwrap_or_default(),
        rabbitmq.lines().last().unwrap_or_default().trim(),
        compiler(),
    ))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
