using System.Collections.Immutable;
using ILGPU.IR;

namespace ILGPU.Backends
{
    /// <summary>Keeps which register holds which value.</summary>
    public abstract class RegisterAllocator<TKind>
        where TKind : struct
    {
        private protected RegisterAllocator()
        {
        }

        public Register Load(Value node) => throw Signature.Only(nameof(RegisterAllocator<TKind>));

        public PrimitiveRegister LoadPrimitive(Value node) => throw Signature.Only(nameof(RegisterAllocator<TKind>));

        public HardwareRegister LoadHardware(Value node) => throw Signature.Only(nameof(RegisterAllocator<TKind>));

        public Register Allocate(Value node) => throw Signature.Only(nameof(RegisterAllocator<TKind>));

        public HardwareRegister AllocateHardware(Value node) => throw Signature.Only(nameof(RegisterAllocator<TKind>));

        /// <summary>Where a value is.</summary>
        public abstract class Register
        {
            private protected Register()
            {
            }
        }

        /// <summary>One register or constant.</summary>
        public abstract class PrimitiveRegister : Register
        {
            private protected PrimitiveRegister()
            {
            }
        }

        /// <summary>A register of the machine.</summary>
        public sealed class HardwareRegister : PrimitiveRegister
        {
            private HardwareRegister()
            {
            }
        }

        /// <summary>A struct: a register for each field.</summary>
        public sealed class CompoundRegister : Register
        {
            private CompoundRegister()
            {
            }

            public ImmutableArray<Register> Children => throw Signature.Only(nameof(CompoundRegister));
        }
    }
}

namespace ILGPU.Backends.PTX
{
    /// <summary>The register files.</summary>
    public enum PTXRegisterKind
    {
        Predicate = 0,
        Int16 = 1,
        Int32 = 2,
        Int64 = 3,
        Float32 = 4,
        Float64 = 5,
    }

    /// <summary>The registers of PTX.</summary>
    public class PTXRegisterAllocator : RegisterAllocator<PTXRegisterKind>
    {
        private protected PTXRegisterAllocator()
        {
        }
    }

    /// <summary>Writes the instructions of a method.</summary>
    public abstract class PTXCodeGenerator : PTXRegisterAllocator
    {
        private protected PTXCodeGenerator()
        {
        }

        public CommandEmitter BeginCommand(string commandString, PredicateConfiguration? predicate = null) =>
            throw Signature.Only(nameof(PTXCodeGenerator));

        public HardwareRegister EnsureHardwareRegister(PrimitiveRegister register) =>
            throw Signature.Only(nameof(PTXCodeGenerator));

        /// <summary>The predicate of an instruction.</summary>
        public readonly struct PredicateConfiguration
        {
            public PredicateConfiguration(HardwareRegister predicateRegister, bool isTrue) =>
                throw Signature.Only(nameof(PredicateConfiguration));
        }

        /// <summary>Writes one instruction, which ends when this is disposed.</summary>
        public struct CommandEmitter : IDisposable
        {
            public void AppendArgument(HardwareRegister argument) => throw Signature.Only(nameof(CommandEmitter));

            public void AppendArgument(PrimitiveRegister argument) => throw Signature.Only(nameof(CommandEmitter));

            public void AppendVectorArgument(params PrimitiveRegister[] arguments) =>
                throw Signature.Only(nameof(CommandEmitter));

            public void AppendArgumentValue(HardwareRegister argument) =>
                throw Signature.Only(nameof(CommandEmitter));

            public void AppendArgumentValue(HardwareRegister argument, int offset) =>
                throw Signature.Only(nameof(CommandEmitter));

            public void AppendRawString(string value) => throw Signature.Only(nameof(CommandEmitter));

            public void AppendConstant(long value) => throw Signature.Only(nameof(CommandEmitter));

            public void AppendConstant(float value) => throw Signature.Only(nameof(CommandEmitter));

            public void Dispose() => throw Signature.Only(nameof(CommandEmitter));
        }
    }
}
