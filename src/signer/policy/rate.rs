use std::fmt;

/// How many signatures in how much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least 1.
    pub count: u32,
    /// In what time.
    pub unit: Unit,
}

/// The time that a rate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The clock's current second.
    Second,
    /// The last 60 clock seconds.
    Minute,
    /// The last 60 clock minutes.
    Hour,
}

impl Unit {
    const ALL: [Self; 3] = [Self::Second, Self::Minute, Self::Hour];

    fn as_str(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "min",
            Self::Hour => "h",
        }
    }

    /// Seconds that one bucket of the count covers, and how many buckets are counted.
    pub(in crate::signer) fn buckets(self) -> (u64, u64) {
        match self {
            Self::Second => (1, 1),
            Self::Minute => (1, 60),
            Self::Hour => (60, 60),
        }
    }
}

impl Rate {
    pub(super) const WANTED: &'static str = "N/s, N/min or N/h with N from 1 to 1000000";

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once('/')?;
        let unit = Unit::ALL.into_iter().find(|it| it.as_str() == unit)?;
        Some(Self {
            count: plain_number(count).filter(|count| (1..=1_000_000).contains(count))?,
            unit,
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.unit.as_str())
    }
}

pub(super) const TIMEOUT_WANTED: &str = "Ns, Nm or Nh, from 10s to 24h";

/// Seconds of a `timeout`.
pub(super) fn timeout(text: &str) -> Option<u64> {
    let split = text
        .len()
        .checked_sub(1)
        .filter(|at| text.is_char_boundary(*at))?;
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let seconds = u64::from(plain_number(number)?).checked_mul(factor)?;
    (10..=24 * 3600).contains(&seconds).then_some(seconds)
}

/// Digits without sign and leading zero: each number has one spelling.
fn plain_number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}
