//! The mounts of a container that is looked at: bundle, data and what the bundle names carry over; nothing else by itself.

use super::adopt::{Expected, Found};
use super::desired::{BUNDLE_TARGET, Bind, Data, Volume};
use super::difference::{Kind, Weight};
use crate::engine::{Container, LocalImage, Mount, MountKind};

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

/// Carries over what a guardian has; `None` where it is something else.
fn known(mount: &Mount, image: &LocalImage, expected: &Expected, found: &mut Found<'_>) -> Option<()> {
    let target = mount.target.as_str();
    let bind = || Bind {
        host: mount.source.clone(),
        target: target.to_owned(),
    };
    let carried = &mut found.carried;
    match mount.kind {
        MountKind::Bind if target == BUNDLE_TARGET => {
            carried.bundle.clone_from(&mount.source);
            if mount.writable {
                let why = "it can write to its config bundle; the new one cannot";
                found.note(Weight::Told, Kind::Bundle, BUNDLE_TARGET, why);
            }
        }
        MountKind::Bind if target == expected.data_dir => {
            carried.data = Some(Data::Folder(mount.source.clone()));
        }
        MountKind::Volume if target == expected.data_dir && !mount.source.is_empty() => {
            carried.data = Some(Data::Volume(mount.source.clone()));
        }
        MountKind::Bind if expected.signer.as_deref() == Some(target) => carried.signer = Some(bind()),
        MountKind::Bind if expected.files.iter().any(|file| file == target) => carried.files.push(bind()),
        MountKind::Volume
            if image.volumes.iter().any(|volume| volume == target) && !mount.source.is_empty() =>
        {
            carried.volumes.push(Volume {
                name: mount.source.clone(),
                target: target.to_owned(),
            });
        }
        _ => return None,
    }
    Some(())
}

fn stranger(mount: &Mount, found: &mut Found<'_>) {
    const WHY: &str = "what is mounted may hide the image's own files, and be run in their place";
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
