//! The doctor's checks of the listeners: who reaches them, and what they show without a key.

use std::net::SocketAddr;

use super::finding::Finding;
use crate::config::Settings;

const ABOUT: &str = "http";

/// Everything about the listeners.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if settings.http.anonymous {
        let message = "programs of this machine need no API key until there is one";
        let remedy = "remove http.anonymous, and create a key: `waybill key create`";
        findings.push(Finding::warn(ABOUT, message).remedy(remedy.to_owned()));
    }
    if settings.http.cert_file.is_none() && settings.http.trusted_proxies.is_none() {
        findings.extend(plain(settings.http.listen));
    }
    if settings.ops.client_ca_file.is_none() {
        findings.extend(open_figures(settings.ops.listen));
    }
    findings
}

/// A listener without TLS that other machines reach.
pub(super) fn plain(listen: SocketAddr) -> Option<Finding> {
    (!listen.ip().is_loopback()).then(|| {
        let message = format!(
            "http.listen {listen} accepts plain text from other machines: whether only a proxy \
             with TLS reaches it was not checked"
        );
        let remedy = "set http.cert_file and http.key_file; or put a proxy with TLS in front, let \
                      nothing else reach it, and name it in http.trusted_proxies";
        Finding::note(ABOUT, message).remedy(remedy.to_owned())
    })
}

/// The listener for health and metrics, which has no authentication.
pub(super) fn open_figures(listen: SocketAddr) -> Option<Finding> {
    (!listen.ip().is_loopback()).then(|| {
        let message = format!(
            "ops.listen {listen} shows figures over all tenants without authentication: who \
             reaches it was not checked"
        );
        let remedy = "let Prometheus and health checks alone reach it";
        Finding::note(ABOUT, message).remedy(remedy.to_owned())
    })
}
