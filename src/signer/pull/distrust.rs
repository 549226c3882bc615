use std::time::Duration;

use super::trust::ImageError;
use crate::engine::Unsound;

/// How long an image that is not trusted is left alone.
const AGAIN: Duration = Duration::from_secs(30);
/// Differences that are named; a container can have thousands.
const NAMED: usize = 5;

/// Why a container is not served.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// It can run other code than its image holds, or with more rights.
    #[error("{}; make it anew without that: oc-guardian upgrade, or the runbook's docker run", listed(.0))]
    Unsound(Vec<Unsound>),
    /// Its image is not one that the project signed, or that could not be found out.
    #[error("its image: {0}; look with: oc-guardian verify")]
    Image(ImageError),
    /// The engine has no image to compare it with.
    #[error(
        "its image was removed from the engine; pull it again by the digest that oc-guardian verify prints"
    )]
    NoImage,
}

impl Distrust {
    /// Whether it still holds after this time, for the same container. What a container is made of never changes; an image
    /// can be verified or signed later, and registries come back.
    pub(super) fn holds(&self, since: Duration) -> bool {
        match self {
            Self::Unsound(_) => true,
            Self::Image(error) if !error.may_pass() => since < AGAIN,
            Self::Image(_) | Self::NoImage => false,
        }
    }
}

fn listed(found: &[Unsound]) -> String {
    let mut texts: Vec<String> = found
        .iter()
        .take(NAMED)
        .map(|it| shortened(&it.to_string()))
        .collect();
    if found.len() > NAMED {
        texts.push(format!("{} more", found.len() - NAMED));
    }
    texts.join(", ")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Aspect;

    #[test]
    fn a_container_stays_what_it_is_and_an_image_may_be_verified_later() {
        let (now, later) = (Duration::ZERO, AGAIN);
        let unsound = Distrust::Unsound(Vec::new());
        assert!(unsound.holds(now) && unsound.holds(later));
        let unverified = Distrust::Image(ImageError::Nameless);
        assert!(unverified.holds(now) && !unverified.holds(later));
        assert!(!Distrust::Image(ImageError::Interrupted).holds(now));
        assert!(!Distrust::NoImage.holds(now));
    }

    #[test]
    fn what_is_wrong_is_named_within_bounds() {
        let one = Unsound {
            aspect: Aspect::Variable,
            found: "é".repeat(10_000),
        };
        let text = Distrust::Unsound(vec![one; 1000]).to_string();
        assert!(text.contains("995 more") && text.len() < 2000, "{text}");
    }
}
