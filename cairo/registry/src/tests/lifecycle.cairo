//! `deprecate`, `revoke` and `cancel`, and the status that follows from them.

use maat_interfaces::registry::{
    IModelRegistryDispatcherTrait, IModelRegistryViewsDispatcherTrait, Lifecycle, Status,
};
use starknet::storage_access::StorePacking;
use starknet::testing::{set_block_timestamp, set_contract_address};
use crate::lifecycle::Announcements;
use crate::lifecycle::lifecycle_component::{
    AnnouncementCancelled, DeprecationAnnounced, Event as LifecycleEvent, RevocationAnnounced,
};
use crate::registry::model_registry::Event;
use crate::tests::{
    DAY, MAX_U64, NAME, NOW, OTHER, PROGRAM, Registry, assert_event, assert_no_more_events, drop_events, mocks, new_registry,
    registry_with_model,
};

fn assert_lifecycle(registry: Registry, status: Status, deprecated_from: Option<u64>, revoked_from: Option<u64>) {
    assert_eq!(registry.views.lifecycle(1, 1), Lifecycle { status, deprecated_from, revoked_from });
}

/// A registry whose one version has this timelock.
fn registry_with_timelock(timelock: u64) -> Registry {
    let registry = new_registry();
    registry.models.register(NAME, mocks::honest::TEST_CLASS_HASH, PROGRAM, timelock, "");
    registry
}

#[test]
fn a_version_begins_active() {
    assert_lifecycle(registry_with_model(), Status::Active, None, None);
}

// deprecate

#[test]
fn a_deprecation_takes_effect_when_the_timelock_has_passed() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    let announced = DeprecationAnnounced { model: 1, version: 1, deprecated_from: NOW + DAY };
    assert_event(registry, Event::LifecycleEvent(LifecycleEvent::DeprecationAnnounced(announced)));
    assert_no_more_events(registry);

    assert_lifecycle(registry, Status::Active, Some(NOW + DAY), None);
    set_block_timestamp(NOW + DAY - 1);
    assert_lifecycle(registry, Status::Active, Some(NOW + DAY), None);
    set_block_timestamp(NOW + DAY);
    assert_lifecycle(registry, Status::Deprecated, Some(NOW + DAY), None);
    set_block_timestamp(MAX_U64);
    assert_lifecycle(registry, Status::Deprecated, Some(NOW + DAY), None);
}

#[test]
fn a_deprecation_without_a_timelock_takes_effect_at_once() {
    let registry = registry_with_timelock(0);
    registry.models.deprecate(1, 1);
    assert_lifecycle(registry, Status::Deprecated, Some(NOW), None);
}

#[test]
fn a_deprecation_at_the_beginning_of_time_is_a_deprecation() {
    let registry = registry_with_timelock(0);
    set_block_timestamp(0);
    registry.models.deprecate(1, 1);
    assert_lifecycle(registry, Status::Deprecated, Some(0), None);
}

#[test]
#[should_panic(expected: ('u64_add Overflow', 'ENTRYPOINT_FAILED'))]
fn a_deprecation_beyond_the_end_of_time_is_refused() {
    let registry = registry_with_timelock(1);
    set_block_timestamp(MAX_U64);
    registry.models.deprecate(1, 1);
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED'))]
fn nobody_else_deprecates() {
    let registry = registry_with_model();
    set_contract_address(OTHER);
    registry.models.deprecate(1, 1);
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_version_is_not_deprecated() {
    registry_with_model().models.deprecate(1, 2);
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_model_is_not_deprecated() {
    registry_with_model().models.deprecate(2, 1);
}

#[test]
#[should_panic(expected: ('registry: deprecation announced', 'ENTRYPOINT_FAILED'))]
fn an_announced_deprecation_is_not_put_off() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    registry.models.deprecate(1, 1);
}

#[test]
#[should_panic(expected: ('registry: deprecation announced', 'ENTRYPOINT_FAILED'))]
fn a_deprecated_version_is_not_deprecated() {
    let registry = registry_with_timelock(0);
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + 1);
    registry.models.deprecate(1, 1);
}

#[test]
#[should_panic(expected: ('registry: revocation announced', 'ENTRYPOINT_FAILED'))]
fn a_version_about_to_be_revoked_is_not_deprecated() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    registry.models.deprecate(1, 1);
}

#[test]
#[should_panic(expected: ('registry: revocation announced', 'ENTRYPOINT_FAILED'))]
fn a_revoked_version_is_not_deprecated() {
    let registry = registry_with_timelock(0);
    registry.models.revoke(1, 1);
    registry.models.deprecate(1, 1);
}

// revoke

#[test]
fn a_revocation_takes_effect_when_the_timelock_has_passed() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    let announced = RevocationAnnounced { model: 1, version: 1, revoked_from: NOW + DAY };
    assert_event(registry, Event::LifecycleEvent(LifecycleEvent::RevocationAnnounced(announced)));
    assert_no_more_events(registry);

    assert_lifecycle(registry, Status::Active, None, Some(NOW + DAY));
    set_block_timestamp(NOW + DAY - 1);
    assert_lifecycle(registry, Status::Active, None, Some(NOW + DAY));
    set_block_timestamp(NOW + DAY);
    assert_lifecycle(registry, Status::Revoked, None, Some(NOW + DAY));
    set_block_timestamp(MAX_U64);
    assert_lifecycle(registry, Status::Revoked, None, Some(NOW + DAY));
}

#[test]
fn a_revocation_without_a_timelock_takes_effect_at_once() {
    let registry = registry_with_timelock(0);
    set_block_timestamp(MAX_U64);
    registry.models.revoke(1, 1);
    assert_lifecycle(registry, Status::Revoked, None, Some(MAX_U64));
}

#[test]
fn a_deprecated_version_is_revoked() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.revoke(1, 1);
    assert_lifecycle(registry, Status::Deprecated, Some(NOW + DAY), Some(NOW + 2 * DAY));
    set_block_timestamp(NOW + 2 * DAY);
    assert_lifecycle(registry, Status::Revoked, Some(NOW + DAY), Some(NOW + 2 * DAY));
}

#[test]
#[should_panic(expected: ('u64_add Overflow', 'ENTRYPOINT_FAILED'))]
fn a_revocation_beyond_the_end_of_time_is_refused() {
    let registry = registry_with_timelock(1);
    set_block_timestamp(MAX_U64);
    registry.models.revoke(1, 1);
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED'))]
fn nobody_else_revokes() {
    let registry = registry_with_model();
    set_contract_address(OTHER);
    registry.models.revoke(1, 1);
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_version_is_not_revoked() {
    registry_with_model().models.revoke(1, 2);
}

#[test]
#[should_panic(expected: ('registry: revocation announced', 'ENTRYPOINT_FAILED'))]
fn an_announced_revocation_is_not_put_off() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    registry.models.revoke(1, 1);
}

#[test]
#[should_panic(expected: ('registry: revocation announced', 'ENTRYPOINT_FAILED'))]
fn a_revoked_version_is_not_revoked() {
    let registry = registry_with_timelock(0);
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + 1);
    registry.models.revoke(1, 1);
}

// cancel

#[test]
fn both_announcements_are_taken_back_at_once() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    registry.models.revoke(1, 1);
    drop_events(registry);
    set_block_timestamp(NOW + DAY - 1);
    registry.models.cancel(1, 1);
    let cancelled = AnnouncementCancelled { model: 1, version: 1 };
    assert_event(registry, Event::LifecycleEvent(LifecycleEvent::AnnouncementCancelled(cancelled)));
    assert_no_more_events(registry);
    set_block_timestamp(NOW + DAY);
    assert_lifecycle(registry, Status::Active, None, None);
}

#[test]
fn what_is_in_effect_stays_when_the_rest_is_taken_back() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.revoke(1, 1);
    registry.models.cancel(1, 1);
    assert_lifecycle(registry, Status::Deprecated, Some(NOW + DAY), None);
}

#[test]
fn what_was_taken_back_can_be_announced_again_with_the_full_timelock() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + DAY - 1);
    registry.models.cancel(1, 1);
    registry.models.deprecate(1, 1);
    assert_lifecycle(registry, Status::Active, Some(NOW + 2 * DAY - 1), None);
}

#[test]
#[should_panic(expected: ('registry: nothing to cancel', 'ENTRYPOINT_FAILED'))]
fn without_an_announcement_nothing_is_taken_back() {
    registry_with_model().models.cancel(1, 1);
}

#[test]
#[should_panic(expected: ('registry: nothing to cancel', 'ENTRYPOINT_FAILED'))]
fn a_deprecation_in_effect_is_final() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.cancel(1, 1);
}

#[test]
#[should_panic(expected: ('registry: nothing to cancel', 'ENTRYPOINT_FAILED'))]
fn a_revocation_in_effect_is_final() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.cancel(1, 1);
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED'))]
fn nobody_else_takes_back() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    set_contract_address(OTHER);
    registry.models.cancel(1, 1);
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn of_an_unknown_version_nothing_is_taken_back() {
    registry_with_model().models.cancel(1, 2);
}

// The storage cell.

#[test]
fn an_untouched_cell_holds_no_announcements() {
    assert_eq!(StorePacking::unpack(0), Announcements { deprecated_from: None, revoked_from: None });
}

#[test]
fn announcements_come_out_of_storage_as_they_went_in() {
    for deprecated_from in [None, Some(0), Some(1), Some(MAX_U64)].span() {
        for revoked_from in [None, Some(0), Some(1), Some(MAX_U64)].span() {
            let announcements = Announcements { deprecated_from: *deprecated_from, revoked_from: *revoked_from };
            let packed: felt252 = StorePacking::pack(announcements);
            assert_eq!(StorePacking::unpack(packed), announcements);
        }
    }
}
