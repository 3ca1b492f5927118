//! Commands over HTTP, against a server with prepared answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use crate::support::command::{Answer, User};
use crate::support::ground::assert_contains;

const KEY: &str = "wb_hunter2";
const RECEIPTS: &str = r#"{"events":[{"state":"accepted"}]}"#;

/// A server that answers each request with the next of `answers`, and returns the requests.
fn server(answers: &[&str]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/prefix/", listener.local_addr().unwrap());
    let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    let serving = std::thread::spawn(move || {
        let serve = |answer: &String| {
            let (mut stream, _) = listener.accept().unwrap();
            let request = request(&stream);
            stream.write_all(answer.as_bytes()).unwrap();
            request
        };
        answers.iter().map(serve).collect()
    });
    (url, serving)
}

/// A whole request.
fn request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        reader.read_line(&mut request).unwrap();
    }
    let length = request
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request + &String::from_utf8(body).unwrap()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

fn problem(status: &str, retry_after: &str) -> String {
    let headers = format!("content-type: application/problem+json\r\n{retry_after}");
    let body = r#"{"type":"urn:waybill:problem:any","title":"t","detail":"not just now"}"#;
    answer(status, &headers, body)
}

fn run_waybill(url: &str, arguments: &[&str], input: &str) -> Answer {
    let answer = User::with(url, KEY).sends(arguments, input);
    let output = format!("{}{}", answer.out, answer.err);
    assert!(!output.contains("hunter2"), "{output}");
    answer
}

fn line(id: u32) -> String {
    format!("{{\"id\":\"{id}\",\"source\":\"s\",\"type\":\"upload.received\",\"token\":\"t\"}}\n")
}

#[test]
fn events_that_a_busy_server_refuses_are_sent_again() {
    let busy = problem("429 Too Many Requests", "retry-after: 1\r\n");
    let away = problem("503 Service Unavailable", "");
    let accepted = answer("202 Accepted", "", RECEIPTS);
    let (url, serving) = server(&[&busy, &away, &accepted]);
    let began = std::time::Instant::now();
    run_waybill(&url, &["publish", "-"], &line(1))
        .ok()
        .says("confirmed 1");
    assert!(began.elapsed() >= std::time::Duration::from_secs(1));
    let requests = serving.join().unwrap();
    assert_eq!(requests[0], requests[2]);
    let first = requests[0].as_str();
    assert!(
        first.starts_with("POST /prefix/v1/events HTTP/1.1\r\n"),
        "{first}"
    );
    assert_contains(first, &format!("authorization: Bearer {KEY}\r\n"));
    assert!(first.ends_with(&format!("[{}]", line(1).trim())), "{first}");
}

#[test]
fn a_batch_that_is_too_large_is_sent_in_parts() {
    let large = problem("413 Payload Too Large", "");
    let accepted = answer("202 Accepted", "", RECEIPTS);
    let (url, serving) = server(&[&large, &accepted, &large]);
    let sent = run_waybill(&url, &["publish", "-"], &(line(1) + &line(2)));
    sent.failed(1)
        .says("confirmed 1; not sent because of a fault 1")
        .complains("line 2: any: not just now");
    assert_eq!(serving.join().unwrap().len(), 3);
}

#[test]
fn retries_end_and_another_kind_of_server_is_recognised() {
    let away = problem("503 Service Unavailable", "");
    let (url, serving) = server(&[away.as_str(); 8]);
    let sent = run_waybill(&url, &["publish", "-"], &line(1)).failed(1);
    sent.says("unconfirmed 1").complains("not just now");
    assert_eq!(serving.join().unwrap().len(), 8);

    let moved = answer(
        "301 Moved Permanently",
        "location: http://127.0.0.1:1/\r\n",
        "",
    );
    let page = answer("200 OK", "content-type: text/html\r\n", "<html>");
    let missing = answer("404 Not Found", "content-type: text/html\r\n", "<html>");
    let (url, serving) = server(&[&moved, &page, &missing]);
    run_waybill(&url, &["get", "t"], "")
        .failed(1)
        .complains("unexpected response 301");
    run_waybill(&url, &["get", "t"], "")
        .failed(1)
        .complains("unexpected response without a record");
    run_waybill(&url, &["watch", "t"], "")
        .failed(1)
        .complains("unexpected response 404");
    let requests = serving.join().unwrap();
    let first = requests[0].as_str();
    assert!(
        first.starts_with("GET /prefix/v1/processes/t?include="),
        "{first}"
    );
}

#[test]
fn a_token_is_percent_encoded_in_the_path() {
    let gone = problem("410 Gone", "");
    let (url, serving) = server(&[&gone]);
    run_waybill(&url, &["get", "a/b?c#d e%"], "")
        .failed(4)
        .complains("not just now");
    let request = serving.join().unwrap().concat();
    let encoded = "GET /prefix/v1/processes/a%2Fb%3Fc%23d%20e%25?";
    assert!(request.starts_with(encoded), "{request}");
}
