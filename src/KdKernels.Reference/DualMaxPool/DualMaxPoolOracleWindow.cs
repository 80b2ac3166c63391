namespace KdKernels.Reference;

/// <summary>The sizes of a pooling; those without a value are torch's defaults for a kernel of 2 x 2.</summary>
public sealed record DualMaxPoolOracleWindow(int Tangents, int Height, int Width)
{
    /// <summary>Rows of a window.</summary>
    public int KernelHeight { get; init; } = 2;

    /// <summary>Columns of a window.</summary>
    public int KernelWidth { get; init; } = 2;

    /// <summary>Rows from one window to the next.</summary>
    public int StrideHeight { get; init; } = 2;

    /// <summary>Columns from one window to the next.</summary>
    public int StrideWidth { get; init; } = 2;

    /// <summary>Rows of −∞ above and below.</summary>
    public int PaddingHeight { get; init; }

    /// <summary>Columns of −∞ left and right.</summary>
    public int PaddingWidth { get; init; }

    /// <summary>Rows from one element of a window to the next.</summary>
    public int DilationHeight { get; init; } = 1;

    /// <summary>Columns from one element of a window to the next.</summary>
    public int DilationWidth { get; init; } = 1;

    /// <summary>Whether a last, partial window counts.</summary>
    public bool Ceiling { get; init; }

    /// <summary>Rows of the output.</summary>
    public int OutputHeight => Outputs(Height, KernelHeight, StrideHeight, PaddingHeight, DilationHeight);

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => Outputs(Width, KernelWidth, StrideWidth, PaddingWidth, DilationWidth);

    private int Outputs(int size, int kernel, int stride, int padding, int dilation)
    {
        int room = size + (2 * padding) - (dilation * (kernel - 1)) - 1;
        int outputs = ((room + (Ceiling ? stride - 1 : 0)) / stride) + 1;
        // The last window must start within the image or the padding before it.
        return Ceiling && (outputs - 1) * stride >= size + padding ? outputs - 1 : outputs;
    }
}
