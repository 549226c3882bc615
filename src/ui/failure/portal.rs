use super::Failure;
use crate::portal::{BaseError, Fault, Outage, PortalError};

impl From<PortalError> for Failure {
    fn from(error: PortalError) -> Self {
        let detail = error.to_string();
        match &error {
            PortalError::Authority(_) => Self::new("portal-authority", detail)
                .hint("Give a PEM file with nothing but the certificates of the portal's own authority."),
            PortalError::Unreachable { base, outage } => {
                Self::new("portal-unreachable", detail).hint(unreachable_hint(base, outage))
            }
            PortalError::Refused { status: 429, .. } => {
                Self::new("portal-refused", detail).hint("Wait a minute, then run this again.")
            }
            PortalError::Refused { reason, .. } => {
                Self::new("portal-refused", detail).hint(refused_hint(reason))
            }
            PortalError::Misbehaved { fault, .. } => {
                Self::new("portal-misbehaved", detail).hint(misbehaved_hint(fault))
            }
        }
    }
}

fn unreachable_hint(base: &str, outage: &Outage) -> String {
    match outage {
        Outage::Name => format!("Check the spelling of {base}, and whether this machine can resolve names."),
        Outage::Tls(_) => {
            "Check this machine's clock and the portal's address. For a portal with its own certificate \
             authority, name that with --portal-ca-file."
                .into()
        }
        Outage::Status(_) => {
            "Wait a minute, then run this again: something between here and the portal answers in its place."
                .into()
        }
        Outage::TimedOut | Outage::Connect(_) | Outage::Closed => {
            format!(
                "Check the network and the egress firewall: curl -I {base}. The kit works without the portal."
            )
        }
    }
}

fn refused_hint(reason: &str) -> &'static str {
    match reason {
        "unknown-key" => "Apply to the operator programme with this key first, and wait for the acceptance.",
        "not-a-member" => "Use a key that is a member of this federation, or check the federation's name.",
        "unknown-federation" => "Check the federation's name: oc-guardian config show",
        "nonce-used" => "Sign it anew: another program has used this key for the same action since.",
        "nonce-ahead" | "stale" | "from-the-future" => "Set this machine's clock right, then sign it anew.",
        "expired" => "Sign it anew.",
        "bad-signature" => {
            "Check that the portal has this key under the same scheme: oc-guardian portal status"
        }
        _ => "Read what the portal says; run `oc-guardian portal status` to see how it knows this operator.",
    }
}

fn misbehaved_hint(fault: &Fault) -> &'static str {
    match fault {
        Fault::Redirect { .. } => {
            "Give the address that it points to with --portal-base, if that is the portal: nothing is sent there by itself."
        }
        Fault::WebPage => {
            "Log in to the network if it has a login page, and check the portal's address: oc-guardian config show"
        }
        _ => {
            "Check the portal's address (OC_PORTAL_BASE, --portal-base). If it is right, the portal is at fault: tell whoever runs it."
        }
    }
}

impl From<BaseError> for Failure {
    fn from(error: BaseError) -> Self {
        Self::usage(error.to_string())
            .hint("Give an https address, or http to this machine, as in https://me.ochk.io (--portal-base, OC_PORTAL_BASE).")
    }
}
