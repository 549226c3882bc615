//! Which colour an operator has. A function of what was heard last, of the accepted images and of the time.

use super::board::Heard;

/// What the board shows of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// Never heard.
    Grey,
    /// Heard of late, and runs an accepted image. The operator says so: nothing here proves it.
    Green,
    /// Not heard of late, or runs another image.
    Red,
}

impl Colour {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Green => "green",
            Self::Red => "red",
        }
    }
}

/// Why it has that colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Grey: no attestation has come.
    NeverHeard,
    /// Green.
    Fresh,
    /// Red: the last attestation is too old.
    Stale,
    /// Red: the image is none of the accepted ones, or is not named.
    WrongImage,
}

impl Cause {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverHeard => "never-heard",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::WrongImage => "wrong-image",
        }
    }

    /// The colour that goes with it.
    pub fn colour(self) -> Colour {
        match self {
            Self::NeverHeard => Colour::Grey,
            Self::Fresh => Colour::Green,
            Self::Stale | Self::WrongImage => Colour::Red,
        }
    }
}

/// A colour, why, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Why; the colour follows from it.
    pub cause: Cause,
    /// When the colour (not the cause) began, in Unix seconds.
    pub since: u64,
}

impl Standing {
    /// The colour.
    pub fn colour(self) -> Colour {
        self.cause.colour()
    }

    /// The standing at `now`, coming from this one.
    pub(super) fn next(self, heard: Option<&Heard>, pins: &[String], stale_after: u64, now: u64) -> Self {
        let cause = judge(heard, pins, stale_after, now);
        let since = match (cause, heard) {
            _ if cause.colour() == self.colour() => self.since,
            // Nothing happens when an attestation goes stale: the moment is known without anybody looking.
            (Cause::Stale, Some(heard)) => (heard.counts_from() + stale_after).min(now),
            _ => now,
        };
        Self { cause, since }
    }
}

fn judge(heard: Option<&Heard>, pins: &[String], stale_after: u64, now: u64) -> Cause {
    let Some(heard) = heard else {
        return Cause::NeverHeard;
    };
    if now.saturating_sub(heard.counts_from()) > stale_after {
        return Cause::Stale;
    }
    let accepted = |digest: &String| pins.contains(digest);
    if pins.is_empty() || heard.image_digest.as_ref().is_some_and(accepted) {
        Cause::Fresh
    } else {
        Cause::WrongImage
    }
}
