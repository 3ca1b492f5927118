//! A private RabbitMQ server: on 127.0.0.1 only, with its own port mapper (epmd).

mod ctl;
mod policies;
mod settings;

use std::{ffi::OsString, path::Path, time::Duration};

use lapin::{Connection, ConnectionProperties};
use serde_json::json;
use tokio::{net::TcpStream, time::timeout};

use self::ctl::Ctl;
use self::settings::{Ports, USER};
use super::account::Account;
use super::folder::{self, Lock};
use super::guard::Guard;
use super::plan::Plan;
use super::{DevError, programs, start_twice};

/// Starting takes 8 to 10 seconds, more on a busy machine or with much to recover.
const READY_MAX: Duration = Duration::from_secs(120);

/// A clean end takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A private RabbitMQ server.
pub struct RabbitMq {
    // Dropped in this order: the node ends before its port mapper.
    node: Guard,
    epmd: Guard,
    ports: Ports,
    password: String,
    ctl: Ctl,
}

impl RabbitMq {
    /// Starts a server on `folder`/rabbitmq and waits until it answers.
    ///
    /// # Errors
    ///
    /// When it is not installed, another program uses the folder, or it does not start.
    pub async fn start(folder: &Path) -> Result<Self, DevError> {
        Self::start_with(folder, false).await
    }

    pub(super) async fn start_with(folder: &Path, temporary: bool) -> Result<Self, DevError> {
        start_twice(async || Self::try_start(folder, temporary).await).await
    }

    async fn try_start(folder: &Path, temporary: bool) -> Result<Self, DevError> {
        let folder = folder::create(folder)?;
        let scripts = programs::rabbitmq()?;
        let account = Account::of_server("rabbitmq")?;
        let home = folder::create_home(&folder, "rabbitmq", account)?;
        let mut epmd = Plan::new("epmd", &home, account, PATIENCE);
        let mut node = Plan::new("rabbitmq", &home, account, PATIENCE);
        let epmd_lock = Lock::acquire(&epmd.lock()).await?;
        let node_lock = Lock::acquire(&node.lock()).await?;

        let ports = Ports::claim(&home)?;
        let password = folder::secret(&home.join("password"), account)?;
        settings::write(&home, account, &password)?;
        epmd.command = epmd_command(ports.epmd);
        epmd.ports.push(ports.epmd);
        node.command = vec![scripts.join("rabbitmq-server").into()];
        node.environment = settings::environment(&home, &ports);
        node.secret = Some(password.clone());
        node.ports = vec![ports.amqp, ports.distribution];
        node.temporary = temporary;
        let ctl = Ctl::new(&scripts, &home, account, node.environment.clone());

        let mut epmd = Guard::start(epmd, epmd_lock).await?;
        epmd_ready(&mut epmd, ports.epmd).await?;
        let mut server = Self {
            node: Guard::start(node, node_lock).await?,
            epmd,
            ports,
            password,
            ctl,
        };
        if let Err(error) = server.ready().await {
            // The node has already ended; another start may follow at once.
            server.epmd.stop().await?;
            return Err(error);
        }
        Ok(server)
    }

    /// The URL to connect to, with the password; the virtual host is `/`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("/")
    }

    /// The AMQP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.amqp
    }

    /// The process of the server's Erlang VM.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.node.pid()
    }

    /// Creates a virtual host and returns its URL.
    ///
    /// # Errors
    ///
    /// When `rabbitmqctl` fails.
    pub async fn add_vhost(&self, name: &str) -> Result<String, DevError> {
        // One call instead of one for the host and one for the permissions: each takes seconds.
        let all = ".*";
        let definitions = json!({
            "vhosts": [{"name": name}],
            "permissions": [
                {"user": USER, "vhost": name, "configure": all, "write": all, "read": all},
            ],
        });
        self.ctl.import(&definitions).await?;
        Ok(self.url_of(name))
    }

    /// Sets the limits of Waybill's queues in a virtual host, as in production.
    ///
    /// # Errors
    ///
    /// When `rabbitmqctl` fails.
    pub async fn set_policies(&self, vhost: &str) -> Result<(), DevError> {
        let version = self.ctl.run(&["-s", "version"]).await?;
        let definitions = policies::definitions(version.trim(), vhost);
        self.ctl.import(&definitions).await
    }

    /// Runs `rabbitmqctl` on this server and returns its output.
    ///
    /// # Errors
    ///
    /// When it fails.
    pub async fn ctl(&self, args: &[&str]) -> Result<String, DevError> {
        self.ctl.run(args).await
    }

    /// Ends it cleanly and waits for its end.
    ///
    /// # Errors
    ///
    /// When it does not end even after a kill.
    pub async fn stop(mut self) -> Result<(), DevError> {
        let node = self.node.stop().await;
        node.and(self.epmd.stop().await)
    }

    /// Kills the Erlang VM at once and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When it is not gone in time.
    pub async fn kill(&mut self) -> Result<(), DevError> {
        self.node.kill().await
    }

    /// Starts it again on the same port and data; stops it cleanly first if it is running.
    ///
    /// # Errors
    ///
    /// When it does not end or does not start.
    pub async fn restart(&mut self) -> Result<(), DevError> {
        self.node.restart().await?;
        self.ready().await
    }

    /// Suspends it; connections stay open and silent.
    ///
    /// # Errors
    ///
    /// When no signal can be sent.
    pub async fn pause(&self) -> Result<(), DevError> {
        self.node.pause().await
    }

    /// Resumes it after [`RabbitMq::pause`].
    ///
    /// # Errors
    ///
    /// When no signal can be sent.
    pub async fn resume(&self) -> Result<(), DevError> {
        self.node.resume().await
    }

    async fn ready(&mut self) -> Result<(), DevError> {
        let port = self.ports.amqp;
        let url = self.url();
        // The port opens last; a login then shows that user and permissions exist too.
        let probe = async || is_open(port).await && can_log_in(&url).await;
        self.node.ready(READY_MAX, probe).await
    }

    fn url_of(&self, vhost: &str) -> String {
        let (port, password) = (self.ports.amqp, &self.password);
        let vhost = percent_encoded(vhost);
        format!("amqp://{USER}:{password}@127.0.0.1:{port}/{vhost}")
    }
}

fn epmd_command(port: u16) -> Vec<OsString> {
    let port = port.to_string();
    ["epmd", "-address", "127.0.0.1", "-port", &port]
        .map(OsString::from)
        .into()
}

/// Without a port mapper the node would start a daemon of its own.
async fn epmd_ready(epmd: &mut Guard, port: u16) -> Result<(), DevError> {
    epmd.ready(Duration::from_secs(10), async || is_open(port).await)
        .await
}

async fn is_open(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

async fn can_log_in(url: &str) -> bool {
    let login = Connection::connect(url, ConnectionProperties::default());
    let Ok(Ok(connection)) = timeout(Duration::from_secs(5), login).await else {
        return false;
    };
    // Only the login counts.
    let _ = connection.close(200, "ready".into()).await;
    true
}

/// A virtual host's name as the last segment of a URL.
fn percent_encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02x}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_host_is_encoded_as_one_segment_of_the_url() {
        assert_eq!(percent_encoded("/"), "%2f");
        assert_eq!(percent_encoded("test_1-a"), "test_1-a");
        assert_eq!(percent_encoded("é"), "%c3%a9");
    }
}
