using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>
/// How the kernels of an op are proved. Each op has a class of these with a parameterless constructor; no list names
/// them.
/// </summary>
internal abstract class StemCases
{
    private static readonly Lazy<StemCases[]> All = new(() =>
    [
        .. typeof(StemCases).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(StemCases)) && !type.IsAbstract)
            .Select(type => (StemCases)Activator.CreateInstance(type)!),
    ]);

    /// <summary>The op.</summary>
    public abstract string Stem { get; }

    /// <summary>The cases of an op.</summary>
    /// <exception cref="NotSupportedException">It has none.</exception>
    public static StemCases Of(string stem) =>
        Array.Find(All.Value, cases => cases.Stem == stem)
        ?? throw new NotSupportedException($"expected cases for the kernels of {stem} but there are none");

    /// <summary>The calls that a kernel is proved by, each of which the launcher gives to this kernel.</summary>
    public abstract IReadOnlyList<ProofCase> Table(KernelEntry kernel);

    /// <summary>An aligned call of more than 64 KB whose traffic counts; null for a kernel that computes no op.</summary>
    public abstract ProofCase? Representative(KernelEntry kernel);

    /// <summary>What it may move in that call, over the least.</summary>
    public virtual double TrafficLimit(KernelEntry kernel) => 1.05;

    /// <summary>Whether a call that is computed by one kernel needs another one as well.</summary>
    public virtual bool Needs(KernelEntry kernel, KernelEntry other) => false;

    /// <summary>Two devices that differ in size and in the order of their blocks.</summary>
    public virtual (EmulatedGpuShape First, EmulatedGpuShape Second) Devices(KernelEntry kernel) =>
        (new EmulatedGpuShape(2), new EmulatedGpuShape(5, 3, PtxEmulator.BlockOrder.Shuffled));
}
