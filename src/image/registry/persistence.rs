//! When a request is sent again, and when that ends.

use std::time::{Duration, SystemTime};

use super::error::Outage;
use super::http::{Answer, Trouble};
use super::limits::Limits;

/// Longest wait that is passed on to people.
const MAX_SAID_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What comes after an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It counts.
    Done,
    /// It is sent again, after this pause.
    Again(Duration),
    /// Too many requests, and no more patience.
    RateLimited(Option<Duration>),
    /// The registry has trouble, and no more patience.
    Trouble(u16),
}

/// What one request has cost so far.
#[derive(Default)]
pub(super) struct Persistence {
    attempts: u32,
    waited: Duration,
}

impl Persistence {
    /// Judges an attempt. Repeated are: 429, status 5xx that pass, and connections that break off. Not what failed to
    /// connect or took too long: waiting once more for the same would only keep people waiting.
    pub(super) fn judge(
        &mut self,
        outcome: &Result<Answer, Trouble>,
        limits: &Limits,
        now: SystemTime,
    ) -> Next {
        self.attempts += 1;
        match outcome {
            Ok(answer) => {
                let wait = answer
                    .header("retry-after")
                    .and_then(|text| retry_after(text, now));
                match answer.status {
                    429 => self
                        .again(wait, limits)
                        .map_or(Next::RateLimited(wait), Next::Again),
                    status @ (500 | 502..=504) => self
                        .again(wait, limits)
                        .map_or(Next::Trouble(status), Next::Again),
                    status @ 505.. => Next::Trouble(status),
                    _ => Next::Done,
                }
            }
            Err(Trouble::Outage(Outage::Closed(_))) => {
                self.again(None, limits).map_or(Next::Done, Next::Again)
            }
            Err(_) => Next::Done,
        }
    }

    /// How long to wait for another attempt, if there is to be one.
    fn again(&mut self, asked: Option<Duration>, limits: &Limits) -> Option<Duration> {
        if self.attempts >= limits.attempts {
            return None;
        }
        let doubled = limits.pause.saturating_mul(1 << (self.attempts - 1).min(16));
        let wait = asked.unwrap_or(doubled);
        let total = self.waited.checked_add(wait)?;
        (total <= limits.wait).then(|| {
            self.waited = total;
            wait
        })
    }
}

/// `Retry-After`, RFC 9110 section 10.2.3: seconds, or a date. A date in the past is no time at all.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits is too long in any case.
        text.parse().map_or(MAX_SAID_WAIT, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        date.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(MAX_SAID_WAIT))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    type Outcome = Result<Answer, Trouble>;

    #[allow(clippy::unnecessary_wraps, reason = "it stands beside errors in the tables")]
    fn answer(status: u16, wait: Option<&'static str>) -> Outcome {
        let wait = wait.map(|wait| (http::header::RETRY_AFTER, HeaderValue::from_static(wait)));
        Ok(Answer {
            status,
            headers: wait.into_iter().collect(),
            body: Vec::new(),
        })
    }

    fn judged(outcomes: &[Outcome]) -> Vec<Next> {
        let mut persistence = Persistence::default();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let limits = Limits::default();
        outcomes
            .iter()
            .map(|it| persistence.judge(it, &limits, now))
            .collect()
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn retry_after_is_honoured_within_bounds() {
        for (wait, wanted) in [
            ("2", Next::Again(s(2))),
            ("0", Next::Again(s(0))),
            ("30", Next::Again(s(30))),
            ("31", Next::RateLimited(Some(s(31)))),
            ("99999999999999999999", Next::RateLimited(Some(s(86_400)))),
            // The clock stands at 08:49:37.
            ("Sun, 06 Nov 1994 08:49:47 GMT", Next::Again(s(10))),
            ("Sun, 06 Nov 1994 07:00:00 GMT", Next::Again(s(0))),
            ("Sun, 06 Nov 1994 09:49:37 GMT", Next::RateLimited(Some(s(3600)))),
            ("soon", Next::Again(Duration::from_millis(300))),
            ("-1", Next::Again(Duration::from_millis(300))),
        ] {
            assert_eq!(judged(&[answer(429, Some(wait))]), [wanted], "{wait}");
        }
    }

    #[test]
    fn waiting_adds_up_and_attempts_end() {
        let twenty = || answer(429, Some("20"));
        assert_eq!(
            judged(&[twenty(), twenty()]),
            [Next::Again(s(20)), Next::RateLimited(Some(s(20)))]
        );
        let bad = || answer(503, None);
        let pause = |millis| Next::Again(Duration::from_millis(millis));
        assert_eq!(
            judged(&[bad(), bad(), bad()]),
            [pause(300), pause(600), Next::Trouble(503)]
        );
        let closed = || Err(Trouble::Outage(Outage::Closed(String::new())));
        assert_eq!(
            judged(&[closed(), closed(), closed()]),
            [pause(300), pause(600), Next::Done]
        );
    }

    #[test]
    fn other_outcomes_are_final() {
        for status in [200, 206, 301, 400, 401, 403, 404, 408] {
            assert_eq!(judged(&[answer(status, Some("1"))]), [Next::Done], "{status}");
        }
        assert_eq!(judged(&[answer(501, None)]), [Next::Done]);
        assert_eq!(judged(&[answer(507, None)]), [Next::Trouble(507)]);
        for outage in [
            Outage::Name,
            Outage::TimedOut,
            Outage::Connect(String::new()),
            Outage::Tls(String::new()),
        ] {
            assert_eq!(judged(&[Err(Trouble::Outage(outage))]), [Next::Done]);
        }
    }
}
