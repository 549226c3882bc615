//! What the board may say, from what was done.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::STALE;
use crate::support::devnet::{Devnet, pid_of};

/// Times on the board are whole seconds, it is looked at ten times a second, and two cores can be late.
const SLACK: Duration = Duration::from_millis(1500);
/// The portal looks at the file with the accepted images five times a second.
const PIN_SLACK: Duration = Duration::from_millis(1500);

/// One guardian.
#[derive(Clone, Default)]
struct One {
    /// Its process does nothing since then; which one that was.
    silent: Option<(i32, Instant)>,
    /// Its signing server is gone since then.
    keyless: Option<(i32, Instant)>,
}

pub struct Truth {
    all: Vec<One>,
    ids: Vec<String>,
    /// Nobody runs an accepted image since then.
    other_image: Option<Instant>,
    looks: u64,
    out_of_reach: u64,
    /// Looks at which a guardian had to be other than green, and was.
    rightly_not_green: u64,
    wrong_image_seen: u64,
    attestations: HashSet<(String, u64)>,
}

impl Truth {
    pub fn new(devnet: &Devnet, guardians: usize) -> Self {
        Self {
            all: vec![One::default(); guardians],
            ids: (1..=guardians).map(|number| devnet.guardian_id(number)).collect(),
            other_image: None,
            looks: 0,
            out_of_reach: 0,
            rightly_not_green: 0,
            wrong_image_seen: 0,
            attestations: HashSet::new(),
        }
    }

    pub fn silenced(&mut self, number: usize, pid: i32) {
        self.all[number - 1].silent.get_or_insert((pid, Instant::now()));
    }

    pub fn keyless(&mut self, number: usize, pid: i32) {
        self.all[number - 1].keyless.get_or_insert((pid, Instant::now()));
    }

    /// It may speak again.
    pub fn heard(&mut self, number: usize) {
        self.all[number - 1].silent = None;
    }

    pub fn other_image(&mut self, accepted: bool) {
        self.other_image = accepted.then(Instant::now);
    }

    /// Looks at the board, and fails where it is green for somebody who cannot be.
    pub fn look(&mut self, devnet: &Devnet) {
        // Before the board is asked: who is started anew in between may be green in what it says.
        for (index, one) in self.all.iter_mut().enumerate() {
            let Some(line) = devnet.guardian(index + 1) else {
                continue;
            };
            for (gone, part) in [(&mut one.silent, "guardian"), (&mut one.keyless, "signer")] {
                let now = pid_of(&line[part]);
                if gone.is_some_and(|(pid, _)| now.is_some_and(|now| now != pid)) {
                    *gone = None;
                }
            }
        }
        let Some(board) = devnet.board() else {
            self.out_of_reach += 1;
            return;
        };
        self.looks += 1;
        let wrong_image = self.other_image.is_some_and(|since| since.elapsed() > PIN_SLACK);
        for (row, one) in board.iter().zip(&self.all) {
            let id = row["operator_id"].as_str().unwrap();
            let color = row["color"].as_str().unwrap();
            if let Some(at) = row["attested_at"].as_u64() {
                self.attestations.insert((id.to_owned(), at));
            }
            self.wrong_image_seen += u64::from(row["cause"] == "wrong-image");
            let late =
                |gone: Option<(i32, Instant)>| gone.is_some_and(|(_, at)| at.elapsed() > STALE + SLACK);
            if !late(one.silent) && !late(one.keyless) && !wrong_image {
                continue;
            }
            assert_ne!(
                color,
                "green",
                "{id} is green: silent {:?}, keyless {:?}, another image {:?} ago; {row}",
                one.silent.map(|(_, at)| at.elapsed()),
                one.keyless.map(|(_, at)| at.elapsed()),
                self.other_image.map(|at| at.elapsed())
            );
            self.rightly_not_green += 1;
        }
        let order: Vec<&str> = board
            .iter()
            .map(|row| row["operator_id"].as_str().unwrap())
            .collect();
        assert_eq!(order, self.ids, "rows are in the order of the guardians");
    }

    pub fn report(&self) -> String {
        format!(
            "looked at {} times (and {} times in vain): {} attestations seen; {} times a row had to be other than green, and \
             was; {} times red for another image; never green for longer than {} s without cause",
            self.looks,
            self.out_of_reach,
            self.attestations.len(),
            self.rightly_not_green,
            self.wrong_image_seen,
            STALE.as_secs()
        )
    }
}
