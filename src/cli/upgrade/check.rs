use serde_json::{Map, Value, json};

use crate::cli::context::Context;
use crate::cli::swap::Session;
use crate::cli::verify::Verified;
use crate::engine::Container;
use crate::ui::{EMPHASIS, Exit, Failure, GOOD, Lines, Report, WARNING, paint, printable};

/// What runs, and what there is.
pub(super) struct Available {
    container: String,
    running: Option<String>,
    running_image: String,
    version: Option<String>,
    digest: String,
    is_current: bool,
}

impl Available {
    pub(super) fn new(
        session: &Session<'_>,
        old: &Container,
        verified: &Verified,
        running: Option<String>,
    ) -> Self {
        let is_current = session.is_of(old, &verified.image);
        let version = verified.image.version().map(ToString::to_string);
        Self {
            container: session.name.clone(),
            running: running.or_else(|| version.clone().filter(|_| is_current)),
            running_image: old.image_id.clone(),
            digest: verified.image.digest().to_string(),
            version,
            is_current,
        }
    }

    /// Exit 0 where the newest runs; with `--check` 4 where it does not.
    pub(super) fn tell(self, context: &Context, is_check: bool) -> Result<Exit, Failure> {
        let exit = if is_check && !self.is_current {
            Exit::CheckFailed
        } else {
            Exit::Done
        };
        context.ui.result(&self)?;
        Ok(exit)
    }
}

impl Report for Available {
    fn ok(&self) -> bool {
        self.is_current
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        if !self.is_current {
            fields.insert("reason".into(), json!("upgrade-available"));
            fields.insert("detail".into(), json!("another image is available"));
            fields.insert("hint".into(), json!("Upgrade with: oc-guardian upgrade"));
        }
        fields.insert("container".into(), json!(self.container));
        fields.insert("running_version".into(), json!(self.running));
        fields.insert("running_image_id".into(), json!(self.running_image));
        fields.insert("version".into(), json!(self.version));
        fields.insert("digest".into(), json!(self.digest));
        fields.insert("up_to_date".into(), json!(self.is_current));
        fields
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        let unknown = "of no known version".to_owned();
        if self.is_current {
            lines.line(paint(GOOD, "The guardian runs this image already."));
        } else {
            lines.line(paint(WARNING, "Another image is available."));
        }
        lines.field("container", printable(&self.container));
        lines.field("runs", printable(self.running.as_ref().unwrap_or(&unknown)));
        lines.field(
            "available",
            paint(EMPHASIS, &printable(self.version.as_ref().unwrap_or(&unknown))),
        );
        lines.field("digest", printable(&self.digest));
        if !self.is_current {
            lines.next("oc-guardian upgrade");
        }
        lines.finish()
    }
}
