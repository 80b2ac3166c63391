using System.Globalization;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KdKernels.Kernels.Device;

namespace KdKernels.Kernels.Compiler;

/// <summary>Turns one kernel variant into PTX text, the same bytes in every process.</summary>
internal static class KernelCompiler
{
    // The oldest PTX that has what sm_80 kernels use (packed bfloat16, redux, cp.async): CUDA 11.0, driver 450.
    private static readonly CudaInstructionSet Oldest = CudaInstructionSet.ISA_70;

    public static string CompilerVersion { get; } =
        "ILGPU " + (typeof(Context).Assembly.GetName().Version ?? new Version()).ToString(3);

    /// <summary>Whether this was built against the real package, which alone can generate PTX.</summary>
    public static bool IsAvailable => string.Equals(
        typeof(Context).Assembly.GetName().Name, "ILGPU", StringComparison.Ordinal);

    public static string Compile(KernelVariant variant)
    {
        // A failed compilation leaves a context unusable, and ids run on within one: each kernel gets its own.
        using var context = Context.Create(builder => builder
            .Optimize(OptimizationLevel.O2)
            .Math(MathMode.Default)
            .Inlining(InliningMode.Aggressive));
        Ptx.Register(context);
        CudaArchitecture architecture = Architecture(variant.Target);
        var capabilities = new CudaCapabilityContext(architecture);
        using var backend = new PTXBackend(context, capabilities, architecture, Oldest, null);
        CompiledKernel kernel = backend.Compile(
            EntryPointDescription.FromExplicitlyGroupedKernel(variant.Method),
            new KernelSpecialization(variant.Threads, variant.MinBlocks));
        try
        {
            return PtxText.Canonical(((PTXCompiledKernel)kernel).PTXAssembly, EntryName(variant), variant.Target);
        }
        catch (InvalidDataException failure)
        {
            throw new InvalidDataException($"{variant.Stem}/{variant.Name}: {failure.Message}", failure);
        }
    }

    /// <summary>The name under which the driver finds the kernel.</summary>
    public static string EntryName(KernelVariant variant) =>
        $"{variant.Stem}_{variant.Name}".Replace('-', '_');

    // ILGPU writes no target above sm_80; what needs sm_90 is rewritten in the text.
    private static CudaArchitecture Architecture(string target) =>
        int.Parse(target.AsSpan("sm_".Length), NumberStyles.None, CultureInfo.InvariantCulture) < 80
            ? CudaArchitecture.SM_75
            : CudaArchitecture.SM_80;
}
