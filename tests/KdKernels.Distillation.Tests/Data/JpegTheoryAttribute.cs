using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

/// <summary>A test that needs libturbojpeg: skipped, visibly, where it is not installed.</summary>
public sealed class JpegTheoryAttribute : TheoryAttribute
{
    public JpegTheoryAttribute()
    {
        if (!JpegDecoder.IsAvailable)
            Skip = "libturbojpeg.so.0 is not installed (apt-get install libturbojpeg0)";
    }
}

/// <inheritdoc cref="JpegTheoryAttribute"/>
public sealed class JpegFactAttribute : FactAttribute
{
    public JpegFactAttribute()
    {
        if (!JpegDecoder.IsAvailable)
            Skip = "libturbojpeg.so.0 is not installed (apt-get install libturbojpeg0)";
    }
}
