using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>Features of one network: how they lie in memory. An element is a channel, an inner index a pixel y·W + x.</summary>
public struct MapOperand
{
    public RowStrides Strides;

    /// <summary>Channels, or the periods that they form where vectors run along the pixels (see <see cref="PlaneBody{T, TElement}"/>).</summary>
    public long Steps;

    /// <summary>Of each part; the last may have fewer.</summary>
    public long StepsPerPart;

    public int Channels;
    public int Height;
    public int Width;
    public int Reserved;

    /// <summary>The first step of a part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long First(int part) => part * StepsPerPart;

    /// <summary>Behind the last step of a part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long End(int part)
    {
        long end = (part + 1) * StepsPerPart;
        return end < Steps ? end : Steps;
    }
}

/// <summary>
/// The one parameter of every kernel of AttentionSquared and AttentionMap; the launcher has its mirror image. A view of length 0 is
/// not given or not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct AttentionArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Student;
    public ArrayView<T> Teacher;
    public ArrayView<T> Gradient;

    /// <summary>Gradient of the loss, one value or one per sample, or of the maps [B, h·w]; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>One value, or one per sample.</summary>
    public ArrayView<float> Loss;

    /// <summary>The attention maps [B, h·w].</summary>
    public ArrayView<float> Map;

    /// <summary>The pixel of each sample's largest attention.</summary>
    public ArrayView<long> Peak;

    /// <summary>Workspace: a loss for each sample, then the partial maps of each (see <see cref="AttentionMaps"/>).</summary>
    public ArrayView<double> Partials;

    /// <summary>The gradient of each pixel's Σ|F|^p, [B, h·w]: workspace, or the upstream gradient itself.</summary>
    public ArrayView<float> Slopes;

    /// <summary>Workspace, 0 between launches: blocks that are done, and for each sample of the launch tasks that are done.</summary>
    public ArrayView<int> Counters;

    public MapOperand StudentMaps;
    public MapOperand TeacherMaps;
    public RowStrides GradientStrides;

    /// <summary>B.</summary>
    public long Samples;

    /// <summary>The samples of this launch: from here on,</summary>
    public long FirstSample;

    /// <summary>up to and without this one.</summary>
    public long EndSample;

    /// <summary>What a slope is multiplied by.</summary>
    public float SlopeFactor;

    public float Beta;

    /// <summary>h·w, the pixels of a map: fewer than the features have where they are pooled.</summary>
    public int Pixels;

    public int PooledHeight;
    public int PooledWidth;

    /// <summary>Columns of a period: vectors (of planes), pixels otherwise.</summary>
    public int Columns;

    /// <summary>Columns of a tile; at most a thread for each.</summary>
    public int TileColumns;

    public int Tiles;

    /// <summary>Parts that the channels are cut into.</summary>
    public int Parts;

    /// <summary>1: one block does a sample; else <see cref="Tiles"/> x <see cref="Parts"/>, a block each.</summary>
    public int Tasks;

    /// <summary>log2 of the threads that share a pixel, where channels lie side by side.</summary>
    public int LaneShift;

    /// <summary>p: 1, 2 or 4.</summary>
    public int Power;

    /// <summary>See <see cref="AttentionMode"/>.</summary>
    public int Mode;

    /// <summary>0 none, 1 sum, 2 mean, 3 batch mean.</summary>
    public int Reduction;

    /// <summary>Whether a sample's loss is the paper's norm instead of the code's squares.</summary>
    public int Paper;

    /// <summary>Whether the channels are averaged instead of summed.</summary>
    public int ChannelMean;

    /// <summary>Whether maps are divided by their norms.</summary>
    public int Normalise;

    /// <summary>Whether this launch makes the maps, and what follows from them for each sample.</summary>
    public int SumsMaps;

    /// <summary>Whether this launch writes the gradient.</summary>
    public int WritesGradient;

    /// <summary>Whether this launch adds up the samples' losses.</summary>
    public int Totals;
}

/// <summary>What is made of the maps.</summary>
public static class AttentionMode
{
    /// <summary>The loss of a student's and a teacher's.</summary>
    public const int Loss = 0;

    /// <summary>The student's are written.</summary>
    public const int Map = 1;

    /// <summary>The gradient of the student's is given.</summary>
    public const int MapBackward = 2;
}
