//! Model contracts, honest and malicious. Each departs from the honest one in what its `Behaviour` says, and nothing else.
//!
//! They take no constructor arguments, so they find the registry as their caller.

use maat_interfaces::model::{IModel, Port};
use maat_interfaces::registry::IModelRegistryDispatcher;

/// What a mock does. As it stands, what the honest one does.
pub trait Behaviour<TContractState> {
    fn inputs() -> Span<Port> {
        [Port { shape: [1, 3].span(), scales: [8].span(), lo: -0x8000, hi: 0x7fff }].span()
    }
    fn outputs() -> Span<Port> {
        [
            Port { shape: [1].span(), scales: [-2].span(), lo: -0x80000000, hi: 0x7fffffff },
            Port { shape: [].span(), scales: [0].span(), lo: 3, hi: 3 },
        ]
            .span()
    }
    fn commitment() -> felt252 {
        'commitment'
    }
    /// The sum, and how many there were.
    fn predict(input: Span<i32>) -> Span<i32> {
        let mut sum = 0;
        for value in input {
            sum += *value;
        }
        let count = input.len().try_into().unwrap();
        array![sum, count].span()
    }
}

#[starknet::embeddable]
pub impl Model<TContractState, +Drop<TContractState>, impl Mock: Behaviour<TContractState>> of IModel<TContractState> {
    fn predict(self: @TContractState, input: Span<i32>) -> Span<i32> {
        Mock::predict(input)
    }
    fn predict_batch(self: @TContractState, inputs: Span<Span<i32>>) -> Span<Span<i32>> {
        let mut outputs = array![];
        for input in inputs {
            outputs.append(Mock::predict(*input));
        }
        outputs.span()
    }
    fn inputs(self: @TContractState) -> Span<Port> {
        Mock::inputs()
    }
    fn outputs(self: @TContractState) -> Span<Port> {
        Mock::outputs()
    }
    fn model_digest(self: @TContractState) -> u256 {
        1
    }
    fn model_commitment(self: @TContractState) -> felt252 {
        Mock::commitment()
    }
}

/// The registry, from within a call that it makes.
fn calling_registry() -> IModelRegistryDispatcher {
    IModelRegistryDispatcher { contract_address: starknet::get_caller_address() }
}

/// `count` ports of `axes` axes each, and of `scales` scales, which count on from port to port, as do the ends of the range.
fn ports(count: u32, axes: u32, scales: u32) -> Span<Port> {
    let mut shape = array![];
    for axis in 0..axes {
        shape.append(axis + 1);
    }
    let mut ports = array![];
    for port in 0..count {
        let lo = port.try_into().unwrap();
        ports.append(Port { shape: shape.span(), scales: scales_from(port, scales), lo, hi: lo + 1 });
    }
    ports.span()
}

/// `count` scales from one on.
pub fn scales_from(first: u32, count: u32) -> Span<i32> {
    let mut scales = array![];
    for scale in first..first + count {
        scales.append(scale.try_into().unwrap());
    }
    scales.span()
}

#[starknet::contract]
pub mod honest {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {}
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Another honest class.
#[starknet::contract]
pub mod second {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn commitment() -> felt252 {
            'second'
        }
        fn predict(input: Span<i32>) -> Span<i32> {
            [-1].span()
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// The class of a model whose inferences can be proven: `facts::ENTRIES`.
#[starknet::contract]
pub mod provable {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn commitment() -> felt252 {
            0x00464cea435b7399c360f9fd4e8d1494b823aae55b97096b1f186b9e454a7622
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Another one, which has an entry for the same batch size.
#[starknet::contract]
pub mod provable_too {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn commitment() -> felt252 {
            0x00671a03a643cf14d137a6751b5e550085b86155de57d36c5257bd4bf4d265b3
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Another one, whose weights are secret: it has four one-time roots.
#[starknet::contract]
pub mod private {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn commitment() -> felt252 {
            0x008e7213063abeed957c4c3f0993eb0f7fabba4748f2af269d51b4188c3d09bd
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Another one, whose class says that its inferences cannot be proven.
#[starknet::contract]
pub mod without_commitment {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn commitment() -> felt252 {
            0
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// As many ports, axes and scales as are allowed.
#[starknet::contract]
pub mod largest {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn inputs() -> Span<super::Port> {
            super::ports(32, 8, 8)
        }
        fn outputs() -> Span<super::Port> {
            super::ports(32, 8, 8)
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

#[starknet::contract]
pub mod too_many_inputs {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn inputs() -> Span<super::Port> {
            super::ports(33, 1, 1)
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

#[starknet::contract]
pub mod too_many_outputs {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn outputs() -> Span<super::Port> {
            super::ports(33, 1, 1)
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

#[starknet::contract]
pub mod too_many_input_axes {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn inputs() -> Span<super::Port> {
            super::ports(1, 9, 1)
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

#[starknet::contract]
pub mod too_many_output_axes {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn outputs() -> Span<super::Port> {
            super::ports(2, 9, 1)
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Its outputs have one scale more than is left beside those of its inputs.
#[starknet::contract]
pub mod too_many_scales {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn inputs() -> Span<super::Port> {
            super::ports(1, 1, 512)
        }
        fn outputs() -> Span<super::Port> {
            super::ports(1, 1, 1)
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// The range of its input is empty.
#[starknet::contract]
pub mod empty_input_range {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn inputs() -> Span<super::Port> {
            [super::Port { shape: [1].span(), scales: [0].span(), lo: 1, hi: 0 }].span()
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// The range of its output is empty.
#[starknet::contract]
pub mod empty_output_range {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn outputs() -> Span<super::Port> {
            [super::Port { shape: [1].span(), scales: [0].span(), lo: 0x7fffffff, hi: -0x80000000 }].span()
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// It says nothing of ranges, as older classes do.
#[starknet::contract]
pub mod without_ranges {
    #[derive(Drop, Serde)]
    struct OldPort {
        shape: Span<u32>,
        scales: Span<i32>,
    }

    #[storage]
    struct Storage {}

    fn port() -> OldPort {
        OldPort { shape: [1, 3].span(), scales: [8].span() }
    }

    #[external(v0)]
    fn predict(self: @ContractState, input: Span<i32>) -> Span<i32> {
        input
    }
    #[external(v0)]
    fn inputs(self: @ContractState) -> Span<OldPort> {
        [port()].span()
    }
    #[external(v0)]
    fn outputs(self: @ContractState) -> Span<OldPort> {
        [port()].span()
    }
    #[external(v0)]
    fn model_commitment(self: @ContractState) -> felt252 {
        0
    }
}

/// No model at all.
#[starknet::contract]
pub mod no_model {
    #[storage]
    struct Storage {}
}

/// Its constructor wants an argument.
#[starknet::contract]
pub mod demanding {
    #[storage]
    struct Storage {}
    #[constructor]
    fn constructor(ref self: ContractState, argument: felt252) {}
    impl Behaviour of super::Behaviour<ContractState> {}
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Panics when run.
#[starknet::contract]
pub mod panicking {
    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn predict(input: Span<i32>) -> Span<i32> {
            core::panic_with_felt252('mock: out of order')
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Its answers are not lists of `i32`.
#[starknet::contract]
pub mod malformed {
    use maat_interfaces::model::Port;

    #[storage]
    struct Storage {}

    /// A value that is too large.
    #[external(v0)]
    fn predict(self: @ContractState, input: Span<i32>) -> Span<felt252> {
        [0x80000000].span()
    }
    /// More than was asked for.
    #[external(v0)]
    fn predict_batch(self: @ContractState, inputs: Span<Span<i32>>) -> (Span<Span<i32>>, felt252) {
        ([].span(), 0)
    }
    #[external(v0)]
    fn inputs(self: @ContractState) -> Span<Port> {
        [].span()
    }
    #[external(v0)]
    fn outputs(self: @ContractState) -> Span<Port> {
        [].span()
    }
    #[external(v0)]
    fn model_commitment(self: @ContractState) -> felt252 {
        0
    }
}

/// While its constructor runs, registers the second class under a name of its own.
#[starknet::contract]
pub mod registering_constructor {
    use maat_interfaces::registry::IModelRegistryDispatcherTrait;

    #[storage]
    struct Storage {}
    #[constructor]
    fn constructor(ref self: ContractState) {
        super::calling_registry().register('inner', super::second::TEST_CLASS_HASH, 'inner program', 0, "inner");
    }
    impl Behaviour of super::Behaviour<ContractState> {}
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// While it is registered, takes the name `contested` for itself.
#[starknet::contract]
pub mod name_thief {
    use maat_interfaces::registry::IModelRegistryDispatcherTrait;

    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn outputs() -> Span<super::Port> {
            super::calling_registry().register('contested', super::second::TEST_CLASS_HASH, 0, 0, "");
            super::ports(1, 1, 1)
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// While it is registered, revokes version 1 of model 1.
#[starknet::contract]
pub mod revoking {
    use maat_interfaces::registry::IModelRegistryDispatcherTrait;

    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn commitment() -> felt252 {
            super::calling_registry().revoke(1, 1);
            0
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// While it is deployed as an instance of its version, executes the version.
#[starknet::contract]
pub mod executing_constructor {
    use maat_interfaces::registry::{
        IModelRegistryDispatcherTrait, IModelRegistryViewsDispatcher, IModelRegistryViewsDispatcherTrait,
    };

    #[storage]
    struct Storage {}
    #[constructor]
    fn constructor(ref self: ContractState) {
        let registry = super::calling_registry();
        let views = IModelRegistryViewsDispatcher { contract_address: registry.contract_address };
        // Without a model this is the sealed instance, which is deployed before its version exists.
        if views.model_count() != 0 {
            registry.execute(1, 1, [1, 2].span());
            // The registry does not know this instance before it is deployed.
            assert_eq!(views.instance(starknet::get_contract_address()), (0, 0));
        }
    }
    impl Behaviour of super::Behaviour<ContractState> {}
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Replaces its class while its constructor runs.
#[starknet::contract]
pub mod replacing_constructor {
    use starknet::SyscallResultTrait;

    #[storage]
    struct Storage {}
    #[constructor]
    fn constructor(ref self: ContractState) {
        starknet::syscalls::replace_class_syscall(super::second::TEST_CLASS_HASH).unwrap_syscall();
    }
    impl Behaviour of super::Behaviour<ContractState> {}
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Replaces its class while its constructor runs, but not in the sealed instance.
#[starknet::contract]
pub mod replacing_later {
    use maat_interfaces::registry::{IModelRegistryViewsDispatcher, IModelRegistryViewsDispatcherTrait};
    use starknet::SyscallResultTrait;

    #[storage]
    struct Storage {}
    #[constructor]
    fn constructor(ref self: ContractState) {
        let views = IModelRegistryViewsDispatcher { contract_address: starknet::get_caller_address() };
        // Without a model this is the sealed instance, which is deployed before its version exists.
        if views.model_count() != 0 {
            starknet::syscalls::replace_class_syscall(super::second::TEST_CLASS_HASH).unwrap_syscall();
        }
    }
    impl Behaviour of super::Behaviour<ContractState> {}
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Replaces its class when it is run.
#[starknet::contract]
pub mod replacing {
    use starknet::SyscallResultTrait;

    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn predict(input: Span<i32>) -> Span<i32> {
            starknet::syscalls::replace_class_syscall(super::second::TEST_CLASS_HASH).unwrap_syscall();
            input
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// When it is run, has the registry run it on all but the first value of its input, until none is left. Gives the input back.
#[starknet::contract]
pub mod executing {
    use maat_interfaces::registry::IModelRegistryDispatcherTrait;

    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn predict(input: Span<i32>) -> Span<i32> {
            if !input.is_empty() {
                let rest = super::calling_registry().execute(1, 1, input.slice(1, input.len() - 1));
                assert_eq!(rest.len() + 1, input.len());
            }
            input
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// When it is run, writes its own address where the registry keeps the owner of model 1.
#[starknet::contract]
pub mod writing {
    use starknet::SyscallResultTrait;

    #[storage]
    struct Storage {}
    impl Behaviour of super::Behaviour<ContractState> {
        fn predict(input: Span<i32>) -> Span<i32> {
            let this = starknet::get_contract_address().into();
            starknet::syscalls::storage_write_syscall(0, super::owner_cell(), this).unwrap_syscall();
            assert_eq!(starknet::syscalls::storage_read_syscall(0, super::owner_cell()).unwrap_syscall(), this);
            input
        }
    }
    #[abi(embed_v0)]
    impl Model = super::Model<ContractState>;
}

/// Where the registry keeps the owner of model 1.
pub fn owner_cell() -> starknet::StorageAddress {
    core::pedersen::pedersen(selector!("Ownership_owner"), 1).try_into().unwrap()
}
