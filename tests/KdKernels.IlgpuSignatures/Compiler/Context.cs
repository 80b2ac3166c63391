namespace ILGPU
{
    /// <summary>How much the compiler does.</summary>
    public enum OptimizationLevel
    {
        O0 = 0,
        O1 = 1,
        O2 = 2,
    }

    /// <summary>How exact floating-point instructions are.</summary>
    public enum MathMode
    {
        Default = 0,
        Fast = 1,
    }

    /// <summary>Which methods are inlined.</summary>
    public enum InliningMode
    {
        Aggressive = 0,
        Conservative = 1,
        Disabled = 2,
    }

    /// <summary>One compilation's types, methods and settings.</summary>
    public sealed class Context : IDisposable
    {
        private Context()
        {
        }

        public static Context Create(Action<Builder> buildingCallback) => throw Signature.Only(nameof(Context));

        public void Dispose() => throw Signature.Only(nameof(Context));

        /// <summary>Settings of a context that is about to be.</summary>
        public sealed class Builder
        {
            internal Builder()
            {
            }

            public Builder Optimize(OptimizationLevel level) => throw Signature.Only(nameof(Builder));

            public Builder Math(MathMode mathMode) => throw Signature.Only(nameof(Builder));

            public Builder Inlining(InliningMode inliningMode) => throw Signature.Only(nameof(Builder));
        }
    }
}

namespace ILGPU.Runtime
{
    /// <summary>Threads of a block and blocks of a multiprocessor that a kernel is compiled for.</summary>
    public readonly struct KernelSpecialization
    {
        public KernelSpecialization(int? maxNumThreadsPerGroup, int? minNumGroupsPerMultiprocessor) =>
            throw Signature.Only(nameof(KernelSpecialization));
    }
}

namespace ILGPU.Runtime.Cuda
{
    /// <summary>A generation of devices.</summary>
    public readonly struct CudaArchitecture
    {
        public static readonly CudaArchitecture SM_75;
        public static readonly CudaArchitecture SM_80;
    }

    /// <summary>A version of PTX.</summary>
    public readonly struct CudaInstructionSet
    {
        public static readonly CudaInstructionSet ISA_70;
    }

    /// <summary>What an architecture can do.</summary>
    public sealed class CudaCapabilityContext
    {
        public CudaCapabilityContext(CudaArchitecture arch) => throw Signature.Only(nameof(CudaCapabilityContext));
    }

    /// <summary>NVIDIA's LLVM; not used here.</summary>
    public sealed class NvvmAPI
    {
        private NvvmAPI()
        {
        }
    }
}
