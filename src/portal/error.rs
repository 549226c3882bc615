use super::AnswerError;

/// Why a question to the portal has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// A file with certificates has none that can be used.
    #[error("the certificate authority of the portal cannot be used: {0}")]
    Authority(String),
    /// No answer came. What was posted may have arrived.
    #[error("the portal at {base} cannot be reached: {outage}")]
    Unreachable {
        /// Of the portal.
        base: String,
        /// What happened.
        outage: Outage,
    },
    /// The portal said no.
    #[error("the portal at {base} refused ({status} {reason}): {detail}")]
    Refused {
        /// Of the portal.
        base: String,
        /// HTTP status.
        status: u16,
        /// The portal's slug.
        reason: String,
        /// For people; from outside.
        detail: String,
    },
    /// Something answered that is no portal, or a portal that answered nonsense.
    #[error("the portal at {base} answered {path} in an unexpected way: {fault}")]
    Misbehaved {
        /// Of the portal.
        base: String,
        /// What was asked for.
        path: String,
        /// What is wrong with the answer.
        fault: Fault,
    },
}

/// Why no answer came.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Outage {
    /// The name is not known.
    #[error("its name is not known")]
    Name,
    /// It took too long.
    #[error("it did not answer in time")]
    TimedOut,
    /// No connection.
    #[error("{0}")]
    Connect(String),
    /// The connection ended.
    #[error("the connection was closed before the answer was complete")]
    Closed,
    /// No protected connection.
    #[error("TLS: {0}")]
    Tls(String),
    /// A machine on the way, or an overloaded portal.
    #[error("it answered {0} without saying why")]
    Status(u16),
}

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// It points elsewhere. An envelope is never sent to where nobody sent it.
    #[error("it points elsewhere ({status}), and redirects are not followed")]
    Redirect {
        /// HTTP status.
        status: u16,
    },
    /// A page for people: a login page of the network, or another site.
    #[error("a web page came instead of JSON")]
    WebPage,
    /// Neither JSON nor a web page.
    #[error("its content type is {0:?}, not application/json")]
    ContentType(String),
    /// An error without the form that errors have.
    #[error("it answered {0} without saying why")]
    Status(u16),
    /// Larger than any answer is.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// Not HTTP.
    #[error("{0}")]
    NotHttp(String),
    /// JSON of another form.
    #[error("{0}")]
    Answer(#[from] AnswerError),
}
