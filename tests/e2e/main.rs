//! The promises, end to end: real workers against real servers, with real work going through while
//! something fails.
//!
//! Reading order: [`ground`] (servers, a database and a virtual host per test),
//! [`roles`] (as whom Waybill runs there), [`worker`] (the
//! program as a child process), [`story`] (what is published), [`producer`] and [`audience`] (the
//! independent ends), [`checker`] (the invariants), [`proxy`] (the network's faults); then the
//! tests, one file per kind of fault.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that reaches for what is not there has failed"
)]

mod as_of;
mod attempts;
mod audience;
mod bad;
mod batch;
mod bodies;
mod browser;
mod checker;
mod client;
mod crashes;
mod crowd;
mod cuts;
mod database;
mod dead_odd;
mod dead_pages;
mod dead_queue;
mod dead_replay;
mod described;
mod dialect_ahgora;
mod dialect_ahgora_refusals;
mod dialect_ahgora_unique;
mod dialect_diadoc;
mod dialect_diadoc_answers;
mod dialect_omflow;
mod dialect_omflow_code;
mod dialect_omflow_refused;
mod dialect_open_capture;
mod dialect_open_capture_list;
mod dialect_open_capture_upload;
mod documents;
mod feed;
mod ground;
mod hostile;
mod hostile_http;
mod hostile_parameters;
mod hot_tokens;
mod http;
mod identity;
mod isolation;
mod janitor;
mod janitor_faults;
mod janitor_kept;
mod likeness;
mod limits;
mod list;
mod measured;
mod misfit;
mod monitor;
mod monitor_charts;
mod monitor_live;
mod monitor_process;
mod monitor_resend;
mod odd;
mod omflow;
mod openapi;
mod ops;
mod order;
mod order_faults;
mod order_story;
mod order_times;
mod orders;
mod outages;
mod partitions;
mod person;
mod poison;
mod pressure;
mod producer;
mod proxy;
mod python;
mod rates;
mod refusals;
mod refusing;
mod remote;
mod replies;
mod resend;
mod restore;
mod rights;
mod roles;
mod servers;
mod stop;
mod story;
mod submit;
mod submit_refused;
mod trespass;
mod trial;
mod uploads;
mod watch;
mod worker;
