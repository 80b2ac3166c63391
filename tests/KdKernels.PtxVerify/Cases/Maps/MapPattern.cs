namespace KdKernels.PtxVerify.Cases;

/// <summary>What a case's features are like.</summary>
internal enum MapPattern
{
    /// <summary>Normal, a seventh of them 0 as a ReLU leaves them.</summary>
    Random,

    /// <summary>The student is the teacher with a thousandth added.</summary>
    Near,

    /// <summary>Student and teacher are equal.</summary>
    Equal,

    /// <summary>All 0 in the first sample of the student, in the second of the teacher.</summary>
    Zeros,

    /// <summary>One pixel alone has attention.</summary>
    SinglePixel,

    /// <summary>Normal with outliers of ±10000.</summary>
    Outliers,

    /// <summary>Every pixel of a sample has the same attention but for two that tie for more.</summary>
    Ties,

    /// <summary>A NaN in the first sample, an infinity in the second, both in the third.</summary>
    NotFinite,
}
