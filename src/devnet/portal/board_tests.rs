use proptest::prelude::*;

use super::*;
use crate::operator::{OperatorId, Scheme, SecretKey};

const START: u64 = 1_764_000_000;
const STALE_AFTER: u64 = 120;
const GOOD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const OTHER: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn operator(number: u8) -> OperatorId {
    let key = SecretKey::from_bytes(Scheme::Bip340, &[number; 32]).unwrap();
    key.public().operator_id()
}

fn board(pins: &[&str]) -> Board {
    let pins = pins.iter().map(|pin| (*pin).to_owned()).collect();
    Board::new(&[operator(1), operator(2)], pins, STALE_AFTER, START)
}

fn heard(attested_at: u64, received_at: u64, image: Option<&str>) -> Heard {
    Heard {
        attested_at,
        received_at,
        status: "running",
        image_digest: image.map(str::to_owned),
        guardian_version: "1.0.0".into(),
        api_url: "http://a:9000".into(),
        p2p_url: "http://a:9001".into(),
    }
}

/// Records an attestation that is made and received at `at`.
fn attest(board: &mut Board, at: u64, image: Option<&str>) {
    let recorded = board.record(&operator(1), heard(at, at, image), [at.to_le_bytes()[0]; 32], at);
    assert!(matches!(recorded, Ok(Recorded::New { .. })), "{recorded:?}");
}

/// Colour, cause and beginning of the first operator at this time.
#[track_caller]
fn assert_standing(board: &mut Board, at: u64, cause: Cause, since: u64) {
    board.settle(at);
    assert_eq!(
        board.rows()[0].standing,
        Standing { cause, since },
        "at {}",
        at - START
    );
}

#[test]
fn grey_green_red_green() {
    let mut board = board(&[GOOD]);
    assert_standing(&mut board, START + 1_000_000, Cause::NeverHeard, START);
    let first = START + 1_000_000;
    attest(&mut board, first, Some(GOOD));
    assert_standing(&mut board, first, Cause::Fresh, first);
    assert_standing(&mut board, first + STALE_AFTER, Cause::Fresh, first);
    // However late somebody looks, it is known when it became red.
    assert_standing(&mut board, first + 500, Cause::Stale, first + STALE_AFTER);
    attest(&mut board, first + 600, Some(GOOD));
    assert_standing(&mut board, first + 601, Cause::Fresh, first + 600);
    assert_eq!(
        board.rows()[1].standing.colour(),
        Colour::Grey,
        "others are as they were"
    );
}

#[test]
fn one_second_decides() {
    let mut board = board(&[]);
    attest(&mut board, START, None);
    assert_standing(&mut board, START + STALE_AFTER, Cause::Fresh, START);
    assert_standing(
        &mut board,
        START + STALE_AFTER + 1,
        Cause::Stale,
        START + STALE_AFTER,
    );
}

#[test]
fn a_wrong_or_unnamed_image_is_red() {
    for image in [Some(OTHER), None] {
        let mut board = board(&[GOOD]);
        attest(&mut board, START, image);
        assert_standing(&mut board, START, Cause::WrongImage, START);
        // Going stale changes the cause, not the colour.
        assert_standing(&mut board, START + 121, Cause::Stale, START);
    }
}

#[test]
fn without_pins_any_image_is_right() {
    for image in [Some(OTHER), None] {
        let mut board = board(&[]);
        attest(&mut board, START, image);
        assert_standing(&mut board, START, Cause::Fresh, START);
    }
}

#[test]
fn pins_are_a_list_and_can_change() {
    let mut board = board(&[GOOD]);
    attest(&mut board, START, Some(OTHER));
    assert_standing(&mut board, START, Cause::WrongImage, START);
    board.set_pins(vec![GOOD.into(), OTHER.into()], START + 10);
    assert_standing(&mut board, START + 11, Cause::Fresh, START + 10);
    board.set_pins(vec![GOOD.into()], START + 20);
    assert_standing(&mut board, START + 21, Cause::WrongImage, START + 20);
}

#[test]
fn a_clock_that_is_ahead_keeps_nobody_green_for_longer() {
    let mut board = board(&[]);
    let recorded = board.record(&operator(1), heard(START + 119, START, None), [1; 32], START);
    assert!(recorded.is_ok());
    assert_standing(&mut board, START + STALE_AFTER, Cause::Fresh, START);
    assert_standing(
        &mut board,
        START + STALE_AFTER + 1,
        Cause::Stale,
        START + STALE_AFTER,
    );
}

#[test]
fn a_late_arrival_is_as_old_as_it_is() {
    let mut board = board(&[]);
    let recorded = board.record(
        &operator(1),
        heard(START, START + 100, None),
        [1; 32],
        START + 100,
    );
    assert!(recorded.is_ok());
    assert_standing(
        &mut board,
        START + STALE_AFTER + 1,
        Cause::Stale,
        START + STALE_AFTER,
    );
}

#[test]
fn an_older_one_is_refused_and_changes_nothing() {
    let mut board = board(&[GOOD]);
    attest(&mut board, START + 10, Some(GOOD));
    let before = board.rows()[0].heard.clone();
    let refused = board.record(
        &operator(1),
        heard(START + 9, START + 11, Some(OTHER)),
        [9; 32],
        START + 11,
    );
    assert_eq!(
        refused,
        Err(Older {
            attested_at: START + 9,
            last: START + 10
        })
    );
    assert_eq!(board.rows()[0].heard, before);
}

#[test]
fn the_same_one_counts_once_whatever_came_between() {
    let mut board = board(&[]);
    let mut record = |hash: u8, image| {
        board
            .record(&operator(1), heard(START, START, image), [hash; 32], START)
            .unwrap()
    };
    assert_eq!(record(1, Some(GOOD)), Recorded::New { before: None });
    assert!(matches!(
        record(2, Some(OTHER)),
        Recorded::New { before: Some(_) }
    ));
    assert_eq!(record(1, Some(GOOD)), Recorded::Repeated);
    assert_eq!(
        board.rows()[0].heard.as_ref().unwrap().image_digest.as_deref(),
        Some(OTHER)
    );
}

#[test]
fn memory_of_one_second_is_bounded() {
    let mut board = board(&[]);
    for number in 0_u32..1000 {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&number.to_le_bytes());
        let recorded = board
            .record(&operator(1), heard(START, START, None), hash, START)
            .unwrap();
        assert_eq!(recorded == Recorded::Repeated, number >= 64, "{number}");
    }
    attest(&mut board, START + 1, None);
    assert_standing(&mut board, START + 1, Cause::Fresh, START);
}

#[test]
fn a_clock_that_goes_back_does_no_harm() {
    let mut board = board(&[]);
    attest(&mut board, START + 1000, None);
    assert_standing(&mut board, START, Cause::Fresh, START + 1000);
}

#[derive(Clone, Debug)]
enum Step {
    /// Time passes, then the guardian attests with a clock so far ahead or behind.
    Attest {
        after: u64,
        skew: i64,
        image: usize,
    },
    Look {
        after: u64,
    },
    Pin {
        after: u64,
        pins: Vec<usize>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_u64..200, -120_i64..=120, 0_usize..3).prop_map(|(after, skew, image)| Step::Attest {
            after,
            skew,
            image
        }),
        (0_u64..150).prop_map(|after| Step::Look { after }),
        (0_u64..50, proptest::collection::vec(0_usize..2, 0..3))
            .prop_map(|(after, pins)| Step::Pin { after, pins }),
    ]
}

proptest! {
    /// Whatever happens in whatever order: green means that something was heard within the stale time, of an accepted
    /// image; grey means that nothing was heard; and looking more often changes nothing.
    #[test]
    fn green_is_never_older_than_the_stale_time(steps in proptest::collection::vec(step(), 1..60)) {
        let images = [Some(GOOD), Some(OTHER), None];
        let mut watched = board(&[GOOD]);
        let mut rarely = watched.clone();
        let (mut now, mut last_arrival) = (START, None);
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Attest { after, skew, image } => {
                    now += after;
                    let said = heard(now.checked_add_signed(skew).unwrap(), now, images[image]);
                    let mut hash = [0; 32];
                    hash[..8].copy_from_slice(&(number as u64).to_le_bytes());
                    let outcome = watched.record(&operator(1), said.clone(), hash, now);
                    prop_assert_eq!(&outcome, &rarely.record(&operator(1), said, hash, now));
                    if matches!(outcome, Ok(Recorded::New { .. })) {
                        last_arrival = Some(now);
                    }
                }
                Step::Look { after } => {
                    for _ in 0..after {
                        now += 1;
                        watched.settle(now);
                    }
                }
                Step::Pin { after, pins } => {
                    now += after;
                    let pins: Vec<String> = pins.iter().map(|at| images[*at].unwrap().to_owned()).collect();
                    watched.set_pins(pins.clone(), now);
                    rarely.set_pins(pins, now);
                }
            }
            watched.settle(now);
            let mut looked = rarely.clone();
            looked.settle(now);
            prop_assert_eq!(watched.rows()[0].standing.cause, looked.rows()[0].standing.cause);
            let row = &watched.rows()[0];
            prop_assert!(row.standing.since <= now);
            match row.standing.colour() {
                Colour::Grey => prop_assert_eq!(last_arrival, None),
                Colour::Red => prop_assert!(last_arrival.is_some()),
                Colour::Green => {
                    prop_assert!(now - last_arrival.unwrap() <= STALE_AFTER);
                    let said = row.heard.as_ref().unwrap();
                    prop_assert!(now.saturating_sub(said.attested_at) <= STALE_AFTER);
                    let accepted = said.image_digest.as_ref().is_some_and(|it| watched.pins().contains(it));
                    prop_assert!(watched.pins().is_empty() || accepted);
                }
            }
        }
    }
}
