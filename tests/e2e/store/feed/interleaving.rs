//! Writers whose transactions overlap, commit late or never, and readers in between.

use std::time::Duration;

use futures_util::future::{join, join_all};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use waybill::store::Connection;

use crate::store::feed::ground::{self, PROCESSES};
use crate::store::feed::reader::{Reader, Selection, selections};
use crate::store::server::Server;

const WRITERS: usize = 4;
const READERS: usize = 4;
const CASES: u32 = 64;

#[derive(Debug, Clone)]
enum Step {
    /// Begins a transaction if the writer has none.
    Log {
        writer: usize,
        process: usize,
    },
    Commit {
        writer: usize,
    },
    RollBack {
        writer: usize,
    },
    Read {
        reader: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let writer = 0..WRITERS;
    let process = prop_oneof![20 => 0..PROCESSES.len() - 1, 1 => Just(PROCESSES.len() - 1)];
    let step = prop_oneof![
        8 => (writer.clone(), process).prop_map(|(writer, process)| Step::Log { writer, process }),
        2 => writer.clone().prop_map(|writer| Step::Commit { writer }),
        1 => writer.prop_map(|writer| Step::RollBack { writer }),
        6 => (0..READERS).prop_map(|reader| Step::Read { reader }),
    ];
    proptest::collection::vec(step, 1..120)
}

struct Writer {
    /// `None` only while it is dropped.
    connection: Option<Connection>,
    open: bool,
}

impl Writer {
    async fn of(ground: &Server) -> Self {
        Self {
            connection: Some(ground.connection().await),
            open: false,
        }
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().unwrap()
    }

    async fn log(&mut self, process: usize, number: usize) {
        if !self.open {
            self.connection().batch_execute("begin").await.unwrap();
            self.open = true;
        }
        ground::log(self.connection(), process, number).await;
    }

    async fn end(&mut self, how: &str) {
        if self.open {
            self.connection().batch_execute(how).await.unwrap();
            self.open = false;
        }
    }
}

impl Drop for Writer {
    /// A failed case must not leave an open transaction to the next one.
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && self.open
        {
            connection.discard();
        }
    }
}

/// Executes the steps, ends open transactions, lets every reader read on, and compares.
async fn play(
    ground: &Server,
    steps: &[Step],
    selections: &[Selection],
) -> Result<(), TestCaseError> {
    ground.clear().await;
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        writers.push(Writer::of(ground).await);
    }
    let mut readers = Vec::new();
    for selection in selections {
        readers.push(Reader::begin(&ground.store, selection).await);
    }
    for (number, step) in steps.iter().enumerate() {
        match *step {
            Step::Log { writer, process } => writers[writer].log(process, number).await,
            Step::Commit { writer } => writers[writer].end("commit").await,
            Step::RollBack { writer } => writers[writer].end("rollback").await,
            Step::Read { reader } => drop(readers[reader].read(&ground.store).await),
        }
    }
    for writer in &mut writers {
        writer.end("commit").await;
    }
    let log = ground.log().await;
    for reader in &mut readers {
        reader.drain(&ground.store).await;
        prop_assert_eq!(&reader.seen, &reader.expected(&log));
    }
    Ok(())
}

#[test]
fn no_reader_skips_or_repeats_an_event_however_transactions_interleave() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ground = runtime.block_on(Server::with_processes());
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let cases = (steps(), proptest::collection::vec(selections(), READERS));
    let outcome = runner.run(&cases, |(steps, selections)| {
        runtime.block_on(play(&ground, &steps, &selections))
    });
    runtime.block_on(ground.end());
    outcome.unwrap();
}

/// Transactions that really run at the same time: each logs, waits a little, and ends.
async fn write(ground: &Server, writer: usize, transactions: usize) {
    for turn in 0..transactions {
        let mut writing = Writer::of(ground).await;
        let first = (writer * transactions + turn) * 4;
        for number in first..first + 1 + (writer + turn) % 4 {
            writing.log(number % PROCESSES.len(), number).await;
        }
        let pause = (writer * 7 + turn * 13) % 11;
        tokio::time::sleep(Duration::from_millis(pause as u64)).await;
        let how = ["commit", "rollback"][usize::from((writer + turn).is_multiple_of(5))];
        writing.end(how).await;
    }
}

#[tokio::test]
async fn readers_beside_busy_writers_see_all_in_one_order() {
    let ground = Server::with_processes().await;
    let writing = async {
        join_all((0..8).map(|writer| write(&ground, writer, 40))).await;
        ground.log().await
    };
    let stop = tokio::sync::Notify::new();
    let reading = join_all((1..5).map(|limit| {
        let (ground, stop) = (&ground, &stop);
        async move {
            let mut reader = Reader::begin(&ground.store, &Selection::everything(limit * 3)).await;
            let stopped = stop.notified();
            tokio::pin!(stopped);
            let mut done = false;
            while !done {
                done = futures_util::poll!(&mut stopped).is_ready();
                reader.drain(&ground.store).await;
            }
            reader.seen
        }
    }));
    let (log, seen) = join(
        async {
            let log = writing.await;
            stop.notify_waiters();
            log
        },
        reading,
    )
    .await;
    assert!(log.len() > 400, "{}", log.len());
    for seen in seen {
        assert_eq!(seen, log);
    }
    ground.end().await;
}
