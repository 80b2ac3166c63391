using System.Reflection;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace ILGPU.Backends.EntryPoints
{
    /// <summary>A method that is a kernel.</summary>
    public readonly struct EntryPointDescription
    {
        public static EntryPointDescription FromExplicitlyGroupedKernel(MethodInfo methodSource) =>
            throw Signature.Only(nameof(EntryPointDescription));
    }
}

namespace ILGPU.Backends
{
    /// <summary>A code generator.</summary>
    public abstract class Backend : IDisposable
    {
        private protected Backend()
        {
        }

        public CompiledKernel Compile(in EntryPointDescription entry, in KernelSpecialization specialization) =>
            throw Signature.Only(nameof(Backend));

        public void Dispose() => throw Signature.Only(nameof(Backend));
    }

    /// <summary>What a backend made of a kernel.</summary>
    public abstract class CompiledKernel
    {
        private protected CompiledKernel()
        {
        }
    }
}

namespace ILGPU.Backends.PTX
{
    /// <summary>The generator of PTX.</summary>
    public sealed class PTXBackend : Backend
    {
        public PTXBackend(
            Context context,
            CudaCapabilityContext capabilities,
            CudaArchitecture architecture,
            CudaInstructionSet instructionSet,
            NvvmAPI? nvvmAPI) => throw Signature.Only(nameof(PTXBackend));
    }

    /// <summary>A kernel as PTX.</summary>
    public sealed class PTXCompiledKernel : CompiledKernel
    {
        private PTXCompiledKernel()
        {
        }

        public string PTXAssembly => throw Signature.Only(nameof(PTXCompiledKernel));
    }
}
