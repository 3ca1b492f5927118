//! The files, ports and environment a private RabbitMQ server starts from.

use std::{ffi::OsString, path::Path};

use uuid::Uuid;

use crate::dev::account::Account;
use crate::dev::{DevError, folder, ports};

/// The only user.
pub(super) const USER: &str = "waybill";

/// Part of the data's identity, so it never changes. Servers don't conflict: each has its own epmd.
const NODE: &str = "waybill@localhost";

/// Two schedulers without busy waiting leave the machine to what is tested. Distribution listens on
/// 127.0.0.1 only; the private epmd runs already, and none must be started as a daemon.
const SERVER_ARGS: &str =
    "+S 2:2 +sbwt none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}";

/// The same for the tool, with one scheduler.
const CTL_ARGS: &str =
    "+S 1:1 +sbwt none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}";

/// `rabbitmqctl` uses the first free port of this range; calls may overlap.
const CTL_PORTS: [&str; 2] = ["40000", "49999"];

/// The ports on 127.0.0.1 that a server and its port mapper listen on.
pub(super) struct Ports {
    pub(super) amqp: u16,
    pub(super) distribution: u16,
    pub(super) epmd: u16,
}

impl Ports {
    /// The ports of the last start if they are still free.
    pub(super) fn claim(home: &Path) -> Result<Self, DevError> {
        let (amqp, _amqp_listener) = ports::claim(&home.join("port"))?;
        let (distribution, _distribution_listener) = ports::claim(&home.join("distribution.port"))?;
        let (epmd, _epmd_listener) = ports::claim(&home.join("epmd.port"))?;
        Ok(Self {
            amqp,
            distribution,
            epmd,
        })
    }
}

/// Writes the files that the server reads at its start.
pub(super) fn write(home: &Path, account: Account, password: &str) -> Result<(), DevError> {
    let write = |name: &str, text: &str| folder::write_private(&home.join(name), text, account);
    write("enabled_plugins", "[rabbitmq_consistent_hash_exchange].\n")?;
    write("rabbitmq.conf", &configuration(password))?;
    // An existing cookie may be in use by a tool of an earlier start.
    if !home.join(".erlang.cookie").exists() {
        write(".erlang.cookie", &Uuid::new_v4().simple().to_string())?;
    }
    Ok(())
}

/// The server's whole environment. Every path is named, so nothing in /etc or /var is touched.
pub(super) fn environment(home: &Path, ports: &Ports) -> Vec<(&'static str, OsString)> {
    let path = |name: &str| home.join(name).into_os_string();
    let [ctl_min, ctl_max] = CTL_PORTS;
    vec![
        ("HOME", home.into()),
        // Makes the script execute the Erlang VM instead of waiting for it, so that the
        // known process is the server.
        ("RUNNING_UNDER_SYSTEMD", "true".into()),
        ("RABBITMQ_NODENAME", NODE.into()),
        ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".into()),
        ("RABBITMQ_NODE_PORT", ports.amqp.to_string().into()),
        ("RABBITMQ_DIST_PORT", ports.distribution.to_string().into()),
        ("ERL_EPMD_PORT", ports.epmd.to_string().into()),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
        ("RABBITMQ_MNESIA_BASE", path("data")),
        ("RABBITMQ_LOG_BASE", path("log")),
        // To the standard output, which the guard logs together with the script's output.
        ("RABBITMQ_LOGS", "-".into()),
        ("RABBITMQ_PID_FILE", path("pid")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins")),
        ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
        // These files don't exist; naming them prevents reading those of an installed service.
        ("RABBITMQ_CONFIG_FILES", path("conf.d/*.conf")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced.config")),
        ("RABBITMQ_CONF_ENV_FILE", path("rabbitmq-env.conf")),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", SERVER_ARGS.into()),
        ("RABBITMQ_CTL_ERL_ARGS", CTL_ARGS.into()),
        ("RABBITMQ_CTL_DIST_PORT_MIN", ctl_min.into()),
        ("RABBITMQ_CTL_DIST_PORT_MAX", ctl_max.into()),
    ]
}

/// The user replaces `guest` at the first start. The limits only prevent alarms on a small or
/// nearly full machine; the settings of production follow.
fn configuration(password: &str) -> String {
    format!(
        "default_user = {USER}\n\
         default_pass = {password}\n\
         disk_free_limit.absolute = 50MB\n\
         vm_memory_high_watermark.absolute = 2GB\n\
         {}",
        include_str!("../../../deploy/rabbitmq/waybill.conf")
    )
}
