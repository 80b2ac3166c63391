using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Data.Mixing;

/// <summary>What the random numbers of one mixing are a function of.</summary>
/// <param name="Seed">Of the training or measurement.</param>
/// <param name="Step">In which the batch is mixed.</param>
/// <param name="Run">The how manieth time in this step, from 0.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MixingKey(ulong Seed, uint Step, uint Run = 0);
