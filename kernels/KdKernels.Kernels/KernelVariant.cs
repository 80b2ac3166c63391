using System.Reflection;

namespace KdKernels.Kernels;

/// <summary>One compiled form of a kernel: what the compiler writes as <c>kernels/ptx/Stem/Name.ptx</c>.</summary>
/// <param name="Stem">The op.</param>
/// <param name="Name">Element type, kind and size: <c>bfloat16-block-8192</c>.</param>
/// <param name="Kind">How rows are laid over threads; the launcher's choice goes by it.</param>
/// <param name="ElementType">float32, float16 or bfloat16; the labels' int64 for a count.</param>
/// <param name="Method">A static method with one parameter, the struct of arguments.</param>
/// <param name="Threads">Threads of a block, known at compile time.</param>
/// <param name="MinBlocks">Blocks that must fit on a multiprocessor: what bounds the registers.</param>
/// <param name="MaxClasses">The longest row that it takes; 0: any.</param>
/// <param name="Target">The lowest architecture that has all its instructions: sm_75 or sm_80.</param>
public sealed record KernelVariant(
    string Stem,
    string Name,
    string Kind,
    string ElementType,
    MethodInfo Method,
    int Threads,
    int MinBlocks,
    int MaxClasses,
    string Target);
