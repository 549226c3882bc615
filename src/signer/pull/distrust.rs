use super::trust::ImageError;
use crate::engine::Unsound;

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
    /// Whether the next try may end otherwise, with the same container.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unsound(_) => false,
            Self::Image(error) => error.may_pass(),
            Self::NoImage => true,
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
