using System.Reflection;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;

namespace ILGPU.IR
{
    /// <summary>A value of the intermediate representation.</summary>
    public abstract class Value
    {
        private protected Value()
        {
        }

        public ValueReference this[int index] => throw Signature.Only(nameof(Value));
    }

    /// <summary>Access to a context's parts.</summary>
    public static class IRContextExtensions
    {
        public static IntrinsicImplementationManager GetIntrinsicManager(this Context context) =>
            throw Signature.Only(nameof(IRContextExtensions));
    }
}

namespace ILGPU.IR.Values
{
    /// <summary>An operand.</summary>
    public struct ValueReference
    {
        public static implicit operator Value(ValueReference reference) =>
            throw Signature.Only(nameof(ValueReference));
    }
}

namespace ILGPU.IR.Intrinsics
{
    /// <summary>Marks a method that becomes an instruction.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class IntrinsicImplementationAttribute : Attribute;

    /// <summary>How a method becomes code.</summary>
    public enum IntrinsicImplementationMode
    {
        Redirect = 0,
        GenerateCode = 1,
    }

    /// <summary>What a method becomes in a backend.</summary>
    public abstract class IntrinsicImplementation
    {
        private protected IntrinsicImplementation()
        {
        }
    }

    /// <summary>What a context's methods become.</summary>
    public sealed class IntrinsicImplementationManager
    {
        private IntrinsicImplementationManager()
        {
        }

        public void RegisterMethod(MethodInfo method, IntrinsicImplementation implementation) =>
            throw Signature.Only(nameof(IntrinsicImplementationManager));
    }
}

namespace ILGPU.Backends.PTX
{
    /// <summary>What a method becomes in PTX.</summary>
    public sealed class PTXIntrinsic : IntrinsicImplementation
    {
        public PTXIntrinsic(Type handlerType, string methodName, IntrinsicImplementationMode mode) =>
            throw Signature.Only(nameof(PTXIntrinsic));
    }
}
