use std::ops::Range;

use bip39::Language;

use super::{Candidate, Shape};
use crate::operator::{Scheme, WORD_COUNT, Words};

/// The shortest backup that BIP-39 has.
const FEWEST: usize = 12;
/// Longest break between two words: quotes, commas, numbers, the start of a comment line.
const MAX_GAP: usize = 40;
/// Most places in a run where a whole backup is looked for.
const MAX_TRIED: usize = 64;

/// Words of the BIP-39 English list in a row, whatever is between them that is no letter.
pub(super) fn scan(text: &str, found: &mut Vec<Candidate>) {
    let list = Language::English.word_list();
    let mut run: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    // The end of the text ends a word too.
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match start {
            None if letter.is_alphabetic() => start = Some(at),
            Some(from) if !letter.is_alphabetic() => {
                start = None;
                let known = list
                    .binary_search(&text[from..at].to_ascii_lowercase().as_str())
                    .is_ok();
                let near = run.last().is_none_or(|last| from - last.end <= MAX_GAP);
                if !known || !near {
                    finish(text, &mut run, found);
                }
                if known {
                    run.push(from..at);
                }
            }
            _ => {}
        }
    }
    finish(text, &mut run, found);
}

fn finish(text: &str, run: &mut Vec<Range<usize>>, found: &mut Vec<Candidate>) {
    if let [first, .., last] = &run[..]
        && run.len() >= FEWEST
    {
        let mut candidate = Candidate::new(first.start..last.end, Shape::Words);
        for words in run.windows(WORD_COUNT).take(MAX_TRIED) {
            let line: Vec<&str> = words.iter().map(|word| &text[word.clone()]).collect();
            // Under Ed25519 any 32 bytes are a key.
            if let Ok(key) = Words::to_secret(Scheme::Ed25519, &line.join(" ")) {
                candidate = candidate.with_key(Some(*key.expose_bytes()));
            }
        }
        found.push(candidate);
    }
    run.clear();
}
