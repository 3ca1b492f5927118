//! The private servers end with their program, also with one that is killed.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use waybill::dev::{DevError, Postgres, Servers};

use crate::dev::processes::{command_line, processes_of};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[test]
fn servers_end_with_a_program_that_is_killed() -> Outcome {
    let (mut program, folder) = start("holds_servers_until_killed")?;
    assert!(processes_of(&folder).len() > 3);
    // `Child::kill` is SIGKILL: nothing of the program runs any more.
    program.kill()?;
    program.wait()?;
    let deadline = Instant::now() + Duration::from_secs(40);
    while folder.exists() || !processes_of(&folder).is_empty() {
        assert!(Instant::now() < deadline, "{:?}", processes_of(&folder));
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

#[tokio::test]
async fn a_folder_is_locked_until_its_program_is_killed() -> Outcome {
    let (mut program, folder) = start("holds_a_database_until_killed")?;
    let Err(refused) = Postgres::start(&folder).await else {
        return Err("two programs used the folder".into());
    };
    let message = refused.to_string();
    assert!(matches!(refused, DevError::InUse { pid, .. } if pid == program.id()));
    assert!(message.ends_with(&format!("is in use by process {}", program.id())));

    program.kill()?;
    program.wait()?;
    // At once: the old server is still ending, and is waited for.
    let server = Postgres::start(&folder).await?;
    assert!(command_line(server.pid()).contains("postgres"));
    server.stop().await?;
    assert_eq!(processes_of(&folder), Vec::<String>::new());
    fs::remove_dir_all(&folder)?;
    Ok(())
}

#[tokio::test]
#[ignore = "started by servers_end_with_a_program_that_is_killed"]
async fn holds_servers_until_killed() -> Outcome {
    let servers = Servers::start_temporary().await?;
    // The worst case: a stopped server does not handle SIGTERM.
    servers.postgres.pause().await?;
    println!("folder={}", servers.folder().display());
    std::future::pending().await
}

#[tokio::test]
#[ignore = "started by a_folder_is_locked_until_its_program_is_killed"]
async fn holds_a_database_until_killed() -> Outcome {
    let name = format!("waybill-dev-test-locked-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _server = Postgres::start(&folder).await?;
    println!("folder={}", folder.display());
    std::future::pending().await
}

/// Starts one of the tests above as a program of its own, and waits for the folder that it prints.
fn start(test: &str) -> Outcome<(Child, PathBuf)> {
    let mut program = Command::new(std::env::current_exe()?)
        .args([
            "--exact",
            &format!("dev::servers_end::{test}"),
            "--ignored",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = program.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let folder = lines
        .find_map(|line| Some(PathBuf::from(line.split_once("folder=")?.1)))
        .ok_or("the servers did not start")?;
    Ok((program, folder))
}
