use clap::Args;
use serde_json::{Map, Value, json};

use super::{Which, examples};
use crate::bundle::{Bundle, Name};
use crate::cli::context::Context;
use crate::ui::{Exit, FAINT, Failure, Lines, Report, paint, printable};

/// Show the values of a config bundle, with the defaults of what it leaves out
#[derive(Args)]
#[command(after_help = examples::CONFIG_SHOW)]
pub(super) struct Show {
    #[command(flatten)]
    which: Which,
}

impl Show {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let looked = self.which.look(context)?;
        let file = looked.file;
        let Some(bundle) = looked.checked.bundle().cloned() else {
            return Err(Failure::bad_bundle(&file, &looked.checked).hint_check(&file));
        };
        context.ui.result(&Shown { file, bundle })?;
        Ok(Exit::Done)
    }
}

struct Shown {
    file: String,
    bundle: Bundle,
}

impl Shown {
    /// Value and where it comes from: `file`, `default`, or `unset`.
    fn value(&self, name: Name) -> (Option<String>, &'static str) {
        match self.bundle.value(name) {
            // A short form stands for the whole id.
            Some((_, true)) if name == Name::OperatorId => {
                (Some(self.bundle.operator_id().to_string()), "file")
            }
            Some((value, true)) => (Some(value.to_owned()), "file"),
            Some((value, false)) => (Some(value.to_owned()), "default"),
            None => (None, "unset"),
        }
    }
}

impl Report for Shown {
    fn fields(&self) -> Map<String, Value> {
        let fields: Map<String, Value> = Name::all()
            .map(|name| {
                let (value, source) = self.value(name);
                (
                    name.as_str().to_owned(),
                    json!({ "value": value, "source": source }),
                )
            })
            .collect();
        Map::from_iter([
            ("file".into(), json!(self.file)),
            ("fields".into(), fields.into()),
        ])
    }

    fn human(&self) -> String {
        let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
        let rows: Vec<_> = Name::all()
            .map(|name| {
                let (value, source) = self.value(name);
                (
                    name.as_str(),
                    value.map_or("-".into(), |value| printable(&value)),
                    source,
                )
            })
            .collect();
        let names = width(&mut rows.iter().map(|row| row.0.len()));
        // One long URL must not push the last column off the screen.
        let values = width(&mut rows.iter().map(|row| row.1.chars().count().min(66)));
        let mut lines = Lines::default();
        for (name, value, source) in rows {
            let name = paint(FAINT, &format!("{name:<names$}"));
            lines.line(format!("{name}  {value:<values$}  {}", paint(FAINT, source)));
        }
        lines.finish()
    }
}
