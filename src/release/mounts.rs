//! The mounts of a container that is looked at: bundle, data and what the bundle names carry over; nothing else by itself.

use super::adopt::{Expected, Found};
use super::desired::{BUNDLE_TARGET, Bind, DATA_DIR, Data, Volume};
use super::difference::{Kind, Weight};
use crate::engine::{Container, LocalImage, Mount, MountKind, hides_nothing};

const WHY: &str = "what is mounted may hide the image's own files, and be run in their place";

pub(super) fn compare(container: &Container, image: &LocalImage, expected: &Expected, found: &mut Found<'_>) {
    for mount in &container.mounts {
        known(mount, image, expected, found).unwrap_or_else(|| stranger(mount, found));
    }
    if found.carried.bundle.is_empty() {
        let why = "it has no config bundle there from a file of the machine";
        found.note(Weight::Forbids, Kind::Bundle, BUNDLE_TARGET, why);
    }
    if found.carried.data.is_none() {
        let why = "its data is within the container and would be lost with it; copy it into a volume first";
        found.note(Weight::Forbids, Kind::Data, &expected.data_dir, why);
    }
}

/// Carries over what a guardian has; `None` where it is something else. Neither a bundle nor the image that a container was
/// made from may name places at which something would hide files of the next image.
fn known(mount: &Mount, image: &LocalImage, expected: &Expected, found: &mut Found<'_>) -> Option<()> {
    let target = mount.target.as_str();
    let source = &mount.source;
    let bind = || Bind {
        host: source.clone(),
        target: target.to_owned(),
    };
    let is_data = target == expected.data_dir;
    let is_safe = hides_nothing(target) || target == DATA_DIR;
    let carried = &mut found.carried;
    match mount.kind {
        MountKind::Bind if target == BUNDLE_TARGET => {
            carried.bundle.clone_from(source);
            if mount.writable {
                let why = "it can write to its config bundle; the new one cannot";
                found.note(Weight::Told, Kind::Bundle, BUNDLE_TARGET, why);
            }
        }
        MountKind::Bind if is_data => {
            carried.data = Some(Data::Folder(source.clone()));
            insist(!is_safe, Kind::Bind, mount, found);
        }
        MountKind::Volume if is_data && !source.is_empty() => {
            carried.data = Some(Data::Volume(source.clone()));
            insist(!is_safe, Kind::Volume, mount, found);
        }
        MountKind::Bind if is_safe && expected.signer.as_deref() == Some(target) => {
            carried.signer = Some(bind());
        }
        MountKind::Bind if is_safe && expected.files.iter().any(|file| file == target) => {
            carried.files.push(bind());
        }
        MountKind::Volume
            if is_of_data(target) && image.volumes.contains(&mount.target) && !source.is_empty() =>
        {
            carried.volumes.push(Volume {
                name: source.clone(),
                target: target.to_owned(),
            });
        }
        _ => return None,
    }
    Some(())
}

/// Where images keep data, and nothing that is run.
fn is_of_data(target: &str) -> bool {
    ["/var/lib/", "/var/cache/", "/var/log/"]
        .iter()
        .any(|it| target.starts_with(it))
}

/// The data folder carries over in any case, and is an obstacle where it could be something else.
fn insist(is_needed: bool, kind: Kind, mount: &Mount, found: &mut Found<'_>) {
    if is_needed {
        found.may_carry(kind, &format!("{}:{}", mount.source, mount.target), WHY);
    }
}

fn stranger(mount: &Mount, found: &mut Found<'_>) {
    let value = format!("{}:{}", mount.source, mount.target);
    let is_named = match &mount.kind {
        MountKind::Bind => found.may_carry(Kind::Bind, &value, WHY),
        MountKind::Volume => found.may_carry(Kind::Volume, &value, WHY),
        MountKind::Tmpfs => found.may_carry(Kind::Tmpfs, &mount.target, WHY),
        MountKind::Other(kind) => {
            found.note(Weight::Stops, Kind::Mount, &format!("{kind}:{value}"), WHY);
            false
        }
    };
    if is_named {
        found.carried.extra.mounts.push(mount.clone());
    }
}
