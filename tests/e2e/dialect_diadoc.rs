//! Clients of Diadoc: a hundred documents followed from their sending to their end, by a client whose
//! messages protoc makes, and what is refused.

use std::process::Command;

use waybill::core::access::Scope;

use crate::{
    ground::{Ground, run},
    http::key,
};

/// The program of that name beside the examples, asking this server.
pub(crate) async fn example(name: &str, arguments: Vec<String>) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/clients");
    let program = format!("{folder}/{name}");
    let running = tokio::task::spawn_blocking(move || {
        let output = Command::new(python()).arg(program).args(arguments).output();
        output.expect("Python")
    });
    let output = running.await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    said
}

/// A Python that knows protobuf: the user's, or the distribution's.
fn python() -> &'static str {
    let knows = |python: &&str| {
        let import = ["-c", "import google.protobuf"];
        let output = Command::new(python).args(import).output();
        output.is_ok_and(|output| output.status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(knows);
    found.expect("python3-protobuf is installed")
}

#[test]
fn a_client_of_protoc_follows_a_hundred_documents_and_decodes_every_field() {
    run(async {
        let ground = Ground::shared("diadoc-story").await;
        let (worker, client) = ground.answering().await;
        let (key, _) = key(&ground, "acme", &[Scope::Read, Scope::Write]).await;
        let url = format!("{}/diadoc", client.url());
        let arguments = ["--url", &url, "--key", &key, "--box", "acme"];
        let said = example("diadoc.py", arguments.map(str::to_owned).to_vec()).await;
        let codes: Vec<_> = said
            .lines()
            .filter_map(|line| line.split('\t').next())
            .collect();
        assert_eq!(
            codes[..6],
            ["400", "400", "401", "403", "404", "405"],
            "{said}"
        );
        worker.stop().await;
    });
}
