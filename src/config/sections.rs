//! Every setting, once: its field, variable, default, kind and meaning.
//!
//! One macro turns the table below into the structs, their documentation, the list [`SETTINGS`]
//! and the code that fills the structs, so that they can't differ.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::fault::Fault;
use super::kind::Kind::{
    Address, Bytes, Choice, Count, Duration as Time, DurationOrOff, Filter,
    Networks as NetworkList, Path, PrefixOrOff, Secret, SecretUrl, Text, Url,
};
use super::values::{ForwardedHeader, LogFormat, TenancyMode, Unroutable, Values};
use super::{Kind, Networks, Setting};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 86_400)
}

/// The bounds of a timeout on the network.
const WAIT: Kind = Time(ms(10), ms(3_600_000));

macro_rules! sections {
    ($(
        $(#[doc = $about:literal])*
        $section:ident: $name:ident {
            $($field:ident: $type:ty = $variable:literal, $default:literal, $kind:expr, $doc:literal;)*
        }
    )*) => {
        $(
            $(#[doc = $about])*
            #[derive(Debug, Clone)]
            pub struct $name {
                $(
                    #[doc = concat!("`", $variable, "` = ", $default, ": ", $doc, ".")]
                    pub $field: $type,
                )*
            }

            impl $name {
                pub(super) fn read(values: &Values) -> Result<Self, Fault> {
                    Ok(Self {
                        $($field: values.get(concat!(stringify!($section), ".", stringify!($field)))?,)*
                    })
                }
            }
        )*

        /// The settings of a run, by section; its `Debug` form shows no secret.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(
                $(#[doc = $about])*
                pub $section: $name,
            )*
        }

        impl Settings {
            pub(super) fn read(values: &Values) -> Result<Self, Fault> {
                Ok(Self { $($section: $name::read(values)?,)* })
            }
        }

        /// Every setting, in the order of the documentation.
        pub static SETTINGS: &[Setting] = &[$($(
            Setting {
                key: concat!(stringify!($section), ".", stringify!($field)),
                variable: $variable,
                default: $default,
                kind: $kind,
                doc: $doc,
            },
        )*)*];
    };
}

sections! {
    /// The database that keeps the records.
    database: DatabaseSettings {
        url: SecretString = "WAYBILL_DATABASE__URL", "required", SecretUrl(&["postgres", "postgresql"]),
            "PostgreSQL database of the records; `DATABASE_URL` is read too";
        ca_file: Option<PathBuf> = "WAYBILL_DATABASE__CA_FILE", "none", Path,
            "certificates to trust instead of the system's, PEM";
        cert_file: Option<PathBuf> = "WAYBILL_DATABASE__CERT_FILE", "none", Path,
            "the client's certificate, PEM; needs `database.key_file`";
        key_file: Option<PathBuf> = "WAYBILL_DATABASE__KEY_FILE", "none", Path,
            "the key of the client's certificate, PEM";
        pool: usize = "WAYBILL_DATABASE__POOL", "8", Count(2, 1_000),
            "maximum connections of one process, and one more for each of the janitor's ten jobs; at least 2 for each of `broker.partitions` and 4 more; tenants' own queues share the rest, or one";
        connect_timeout: Duration = "WAYBILL_DATABASE__CONNECT_TIMEOUT", "5s", WAIT,
            "maximum wait for a connection";
        statement_timeout: Duration = "WAYBILL_DATABASE__STATEMENT_TIMEOUT", "30s", WAIT,
            "maximum run time of one statement, enforced by the server";
        lock_timeout: Duration = "WAYBILL_DATABASE__LOCK_TIMEOUT", "10s", WAIT,
            "maximum wait for one lock, enforced by the server";
    }

    /// The broker that events come from and completions go to.
    broker: BrokerSettings {
        url: SecretString = "WAYBILL_BROKER__URL", "required", SecretUrl(&["amqp", "amqps"]),
            "RabbitMQ broker of events and completions; `AMQP_URL` is read too";
        ca_file: Option<PathBuf> = "WAYBILL_BROKER__CA_FILE", "none", Path,
            "certificates to trust instead of the system's, PEM";
        cert_file: Option<PathBuf> = "WAYBILL_BROKER__CERT_FILE", "none", Path,
            "the client's certificate, PEM; needs `broker.key_file`";
        key_file: Option<PathBuf> = "WAYBILL_BROKER__KEY_FILE", "none", Path,
            "the key of the client's certificate, PEM";
        plaintext: bool = "WAYBILL_BROKER__PLAINTEXT", "false", Choice(&["true", "false"]),
            "allow an `amqp://` address that is not of this machine: passwords and events then cross the network unencrypted";
        management_url: Option<SecretString> = "WAYBILL_BROKER__MANAGEMENT_URL", "none", SecretUrl(&["http", "https"]),
            "the broker's management API, such as `http://monitor:password@host:15672`: `waybill doctor` reads the queues' policies there";
        heartbeat: Duration = "WAYBILL_BROKER__HEARTBEAT", "5s", Time(ms(1_000), ms(3_600_000)),
            "AMQP heartbeat timeout, in whole seconds; a silent peer is disconnected after twice this";
        connect_timeout: Duration = "WAYBILL_BROKER__CONNECT_TIMEOUT", "5s", WAIT,
            "maximum wait for a connection";
        confirm_timeout: Duration = "WAYBILL_BROKER__CONFIRM_TIMEOUT", "10s", WAIT,
            "maximum wait for a publisher confirm";
        partitions: u16 = "WAYBILL_BROKER__PARTITIONS", "1", Count(1, 256),
            "queues over which events are distributed by token";
        prefetch: u16 = "WAYBILL_BROKER__PREFETCH", "4000", Count(1, 65_535),
            "maximum unacknowledged messages of one consumer";
    }

    /// Who may publish for a tenant, and where replies may go.
    tenancy: TenancySettings {
        mode: Option<TenancyMode> = "WAYBILL_TENANCY__MODE", "none", Choice(&["shared", "observe", "enforce"]),
            "events on `waybill.events` whose publisher has no right to their tenant: `shared` applies them, `observe` counts them too, `enforce` makes them dead letters; without it `enforce` as soon as there is a tenant or a rule, else `shared`";
        reply_to: String = "WAYBILL_TENANCY__REPLY_TO", "amq.rabbitmq.reply-to.*,amq.gen-*,reply.*", Text,
            "queues that an opening event may name in `reply_to`, separated by commas; `*` at the end matches anything, and `waybill.*` is never allowed";
    }

    /// What one message may contain; a message that exceeds a limit becomes a dead letter.
    limits: LimitSettings {
        body_bytes: usize = "WAYBILL_LIMITS__BODY_BYTES", "2MiB", Bytes(KIB, 128 * MIB),
            "maximum body of a message";
        nesting: usize = "WAYBILL_LIMITS__NESTING", "64", Count(4, 127),
            "maximum nesting of JSON";
        name_bytes: usize = "WAYBILL_LIMITS__NAME_BYTES", "200", Count(36, 200),
            "maximum length of a token, id, identifier or name";
        items: usize = "WAYBILL_LIMITS__ITEMS", "1000", Count(1, 10_000),
            "maximum items in one event";
        form_bytes: usize = "WAYBILL_LIMITS__FORM_BYTES", "1MiB", Bytes(KIB, 16 * MIB),
            "maximum form of an order, over all of its events";
        parked_pushes: usize = "WAYBILL_LIMITS__PARKED_PUSHES", "1000", Count(1, 100_000),
            "maximum pushes of an order that wait for their stage; their forms may have 16 times `limits.form_bytes` in total";
        text_bytes: usize = "WAYBILL_LIMITS__TEXT_BYTES", "4KiB", Bytes(64, MIB),
            "maximum length of a single message or reason";
        header_bytes: usize = "WAYBILL_LIMITS__HEADER_BYTES", "64KiB", Bytes(KIB, MIB),
            "maximum size of all headers of a message";
        future: Duration = "WAYBILL_LIMITS__FUTURE", "1d", Time(ms(1_000), days(36_500)),
            "how far ahead of the clock the time of an event may be";
    }

    /// When a batch is full; a batch is written at once while no other one is under way.
    batch: BatchSettings {
        events: usize = "WAYBILL_BATCH__EVENTS", "1000", Count(1, 10_000),
            "maximum events in one transaction";
        bytes: usize = "WAYBILL_BATCH__BYTES", "8MiB", Bytes(KIB, GIB),
            "maximum bytes in one transaction";
    }

    /// The memory of a worker.
    worker: WorkerSettings {
        bytes_in_flight: usize = "WAYBILL_WORKER__BYTES_IN_FLIGHT", "64MiB", Bytes(KIB, 64 * GIB),
            "about how many unacknowledged bytes one queue's consumer may have, and all consumers of tenants' own queues together; large messages reduce the prefetch";
    }

    /// The publishing of completions.
    outbox: OutboxSettings {
        limit: u64 = "WAYBILL_OUTBOX__LIMIT", "100000", Count(1, 100_000_000),
            "maximum rows that wait to be published; consuming pauses above";
        unroutable: Unroutable = "WAYBILL_OUTBOX__UNROUTABLE", "drop", Choice(&["drop", "keep"]),
            "what happens to an unroutable message";
        sweep_after: Duration = "WAYBILL_OUTBOX__SWEEP_AFTER", "30s", WAIT,
            "age at which the sweeper publishes a row that was left in the outbox";
    }

    /// How long processes live.
    process: ProcessSettings {
        settle: Duration = "WAYBILL_PROCESS__SETTLE", "10m", Time(ms(1), days(365)),
            "maximum wait after an ending event for missing events";
        deadline: Option<Duration> = "WAYBILL_PROCESS__DEADLINE", "off", DurationOrOff(ms(1), days(3_650)),
            "a process that is open for longer ends with `error`";
        retention: Duration = "WAYBILL_PROCESS__RETENTION", "30d", Time(ms(1_000), days(36_500)),
            "an ended process is kept for this long";
        unopened: Option<Duration> = "WAYBILL_PROCESS__UNOPENED", "off", DurationOrOff(ms(1_000), days(36_500)),
            "a process that no event has opened for this long is deleted, without a completion";
        tombstones: Duration = "WAYBILL_PROCESS__TOMBSTONES", "90d", Time(ms(1_000), days(36_500)),
            "after that, it is answered over HTTP as gone for this long";
    }

    /// The jobs that end processes that are due and delete old ones.
    janitor: JanitorSettings {
        parked_for: Duration = "WAYBILL_JANITOR__PARKED_FOR", "7d", Time(ms(1), days(3_650)),
            "maximum wait of a push for its stage; then it becomes a dead letter";
        interval: Duration = "WAYBILL_JANITOR__INTERVAL", "5s", Time(ms(10), ms(30_000)),
            "pause between two rounds of a job; four times that for deleting old rows";
        batch: usize = "WAYBILL_JANITOR__BATCH", "500", Count(1, 10_000),
            "maximum processes ended or deleted in one transaction";
        rows: usize = "WAYBILL_JANITOR__ROWS", "20000", Count(1, 1_000_000),
            "maximum events, and maximum items, deleted in one transaction";
        dead_letters_kept: Option<Duration> = "WAYBILL_JANITOR__DEAD_LETTERS_KEPT", "off", DurationOrOff(ms(1_000), days(36_500)),
            "a dead letter that was neither replayed nor discarded is deleted after this";
        audit_kept: Duration = "WAYBILL_JANITOR__AUDIT_KEPT", "400d", Time(ms(1_000), days(36_500)),
            "a row of the audit is deleted after this";
    }

    /// The listener for clients.
    http: HttpSettings {
        listen: SocketAddr = "WAYBILL_HTTP__LISTEN", "127.0.0.1:8080", Address,
            "address of the listener for clients";
        anonymous: bool = "WAYBILL_HTTP__ANONYMOUS", "false", Choice(&["true", "false"]),
            "answer programs of this machine without an API key until there is one; needs a loopback `http.listen`";
        cert_file: Option<PathBuf> = "WAYBILL_HTTP__CERT_FILE", "none", Path,
            "the listener's certificate, PEM, with those that lead to its authority: then it accepts TLS alone; read again when it changes; needs `http.key_file`";
        key_file: Option<PathBuf> = "WAYBILL_HTTP__KEY_FILE", "none", Path,
            "the key of the listener's certificate, PEM";
        client_ca_file: Option<PathBuf> = "WAYBILL_HTTP__CLIENT_CA_FILE", "none", Path,
            "the authorities of clients, PEM: then clients need a certificate beside their key; needs `http.cert_file`";
        trusted_proxies: Option<Networks> = "WAYBILL_HTTP__TRUSTED_PROXIES", "none", NetworkList,
            "addresses and networks of proxies, such as `10.0.0.0/8,192.0.2.7`, that say by `http.forwarded_header` whose request they pass on";
        forwarded_header: ForwardedHeader = "WAYBILL_HTTP__FORWARDED_HEADER", "x-forwarded", Choice(&["x-forwarded", "forwarded"]),
            "the header that the trusted proxies set, and clear of what clients write: `X-Forwarded-For` with `X-Forwarded-Proto`, or `Forwarded`";
        database_url: Option<SecretString> = "WAYBILL_HTTP__DATABASE_URL", "none", SecretUrl(&["postgres", "postgresql"]),
            "a replica to read from instead of `database.url`";
        pool: usize = "WAYBILL_HTTP__POOL", "8", Count(2, 1_000),
            "maximum database connections of the listener, and the same number to the replica";
        requests_per_second: u32 = "WAYBILL_HTTP__REQUESTS_PER_SECOND", "5000", Count(1, 1_000_000),
            "requests granted to one key, or to one address as long as there are no keys";
        wrong_keys_per_second: u32 = "WAYBILL_HTTP__WRONG_KEYS_PER_SECOND", "20", Count(1, 1_000_000),
            "requests with a key that is not known yet, granted to one address";
        session: Duration = "WAYBILL_HTTP__SESSION", "12h", Time(ms(1_000), days(30)),
            "a session of the pages, or of a client of OMFLOW, ends after this, however it is used";
    }

    /// The other systems whose clients are served, each under a path of its own.
    dialects: DialectSettings {
        open_capture: Option<String> = "WAYBILL_DIALECTS__OPEN_CAPTURE", "/open-capture", PrefixOrOff,
            "path prefix for clients of Open-Capture";
        open_capture_language: String = "WAYBILL_DIALECTS__OPEN_CAPTURE_LANGUAGE", "fr", Choice(&["fr", "en"]),
            "the language of their long dates";
        diadoc: Option<String> = "WAYBILL_DIALECTS__DIADOC", "/diadoc", PrefixOrOff,
            "path prefix for clients of Diadoc";
        ahgora: Option<String> = "WAYBILL_DIALECTS__AHGORA", "/ahgora", PrefixOrOff,
            "path prefix for clients of Ahgora";
        ahgora_validity: Duration = "WAYBILL_DIALECTS__AHGORA_VALIDITY", "15m", Time(ms(1_000), days(365)),
            "how long after its end they can query a process, and how long their `unique` stays the same without new requests";
        omflow: Option<String> = "WAYBILL_DIALECTS__OMFLOW", "/omflow", PrefixOrOff,
            "path prefix for clients of OMFLOW";
        omflow_security: Duration = "WAYBILL_DIALECTS__OMFLOW_SECURITY", "5m", Time(ms(1_000), days(1)),
            "a security code of OMFLOW is valid for this long after its last use";
    }

    /// The files that clients upload.
    files: FileSettings {
        url: String = "WAYBILL_FILES__URL", "waybill-files", Text,
            "where files are kept: a folder, or a URL such as `s3://bucket/prefix` (variables `AWS_…`, `AZURE_…` and `GOOGLE_…` are read too)";
        file_bytes: usize = "WAYBILL_FILES__FILE_BYTES", "64MiB", Bytes(KIB, 64 * GIB),
            "maximum file of an upload";
        request_bytes: usize = "WAYBILL_FILES__REQUEST_BYTES", "256MiB", Bytes(KIB, 64 * GIB),
            "maximum total bytes of all files of one upload";
        types: String = "WAYBILL_FILES__TYPES", "application/pdf,image/jpeg,image/png,image/tiff", Text,
            "allowed media types of an uploaded file, detected from its contents, or `any`";
        attachment_types: String = "WAYBILL_FILES__ATTACHMENT_TYPES", "any", Text,
            "the same for files that are attached to orders";
    }

    /// The listener for health and metrics.
    ops: OpsSettings {
        listen: SocketAddr = "WAYBILL_OPS__LISTEN", "127.0.0.1:9464", Address,
            "address of the listener for health and metrics";
        cert_file: Option<PathBuf> = "WAYBILL_OPS__CERT_FILE", "none", Path,
            "the listener's certificate, PEM, as `http.cert_file`; needs `ops.key_file`";
        key_file: Option<PathBuf> = "WAYBILL_OPS__KEY_FILE", "none", Path,
            "the key of the listener's certificate, PEM";
        client_ca_file: Option<PathBuf> = "WAYBILL_OPS__CLIENT_CA_FILE", "none", Path,
            "the authorities of clients, PEM, as `http.client_ca_file`; needs `ops.cert_file`";
    }

    /// The end of a run.
    shutdown: ShutdownSettings {
        grace: Duration = "WAYBILL_SHUTDOWN__GRACE", "20s", Time(ms(10), ms(3_600_000)),
            "maximum wait for pending work after SIGTERM";
    }

    /// What is logged, and how.
    log: LogSettings {
        filter: String = "WAYBILL_LOG__FILTER", "info", Filter,
            "which lines are logged";
        format: LogFormat = "WAYBILL_LOG__FORMAT", "auto", Choice(&["auto", "text", "json"]),
            "`auto` is text on a terminal and JSON elsewhere";
    }

    /// The server that commands use instead of database and broker.
    client: ClientSettings {
        url: String = "WAYBILL_CLIENT__URL", "http://127.0.0.1:8080", Url(&["http", "https"]),
            "the server that `get`, `watch`, `open` and `push` use over HTTP, and `publish` where this is set";
        key: Option<SecretString> = "WAYBILL_CLIENT__KEY", "none", Secret,
            "the API key that they authenticate with there";
        ca_file: Option<PathBuf> = "WAYBILL_CLIENT__CA_FILE", "none", Path,
            "certificates to trust instead of the system's, PEM";
    }

    /// Faults on purpose, for tests.
    fault: FaultSettings {
        crash_at: Option<String> = "WAYBILL_FAULT__CRASH_AT", "none", Text,
            "the crash point at which the program aborts";
    }
}
