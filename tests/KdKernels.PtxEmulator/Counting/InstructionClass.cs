namespace KdKernels.PtxEmulator;

/// <summary>What an instruction occupies on the device.</summary>
public enum InstructionClass
{
    /// <summary>Integer, logic, moves, selects and integer comparisons.</summary>
    Integer,

    /// <summary>float32 and narrower arithmetic, comparisons and conversions.</summary>
    Fp32,

    /// <summary>float64.</summary>
    Fp64,

    /// <summary>Special functions: ex2, lg2, rcp, rsqrt, sqrt, sin, cos, tanh, and division, which needs rcp.</summary>
    Mufu,

    /// <summary>Matrix products.</summary>
    Tensor,

    /// <summary>Global loads and stores.</summary>
    Global,

    /// <summary>Shared loads and stores.</summary>
    Shared,

    /// <summary>Local loads and stores.</summary>
    Local,

    /// <summary>Kernel parameters.</summary>
    Parameter,

    /// <summary>Warp shuffles, votes, matches and reductions.</summary>
    Shuffle,

    /// <summary>Barriers and fences.</summary>
    Barrier,

    /// <summary>Branches and returns.</summary>
    Branch,

    /// <summary>Atomics.</summary>
    Atomic,
}
