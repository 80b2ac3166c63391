using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>What follows from the maps of one sample, by one block, in double: norms, loss, the slope of each pixel.</summary>
public static class AttentionMaps
{
    /// <summary>What a map's norm is taken to be at least: a map of zeros stays one.</summary>
    private const double SmallestNorm = 1e-12;

    /// <summary>
    /// The partial maps of a sample, one for each part of the channels; of the student (0) or the teacher (1). They lie behind the
    /// losses of the samples, at a multiple of 32 bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<double> Of<T>(in AttentionArguments<T> a, long sample, int network)
        where T : unmanaged =>
        a.Partials.SubView(((a.Samples + 3) & ~3L) + (((sample * 2) + network) * a.Parts * a.Pixels), (long)a.Parts * a.Pixels);

    /// <summary>Every thread of the block calls it; all have passed a barrier when it returns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish<T>(
        in AttentionArguments<T> a, long sample, ArrayView<double> shared, ArrayView<int> integers)
        where T : unmanaged
    {
        var student = Of(a, sample, 0);
        var teacher = Of(a, sample, 1);
        double ofStudent = 0;
        double ofTeacher = 0;
        var peak = MapPeak.None;
        for (int j = Group.IdxX; j < a.Pixels; j += MapColumns.Threads)
        {
            double q = Gather(a, student, j);
            ofStudent += q * q;
            peak.See(q, j);
            if (a.Mode != AttentionMode.Loss) continue;
            double t = Gather(a, teacher, j);
            ofTeacher += t * t;
        }
        BlockSums.Of(ref ofStudent, ref ofTeacher, shared, 0);
        if (a.Peak.Length > 0)
        {
            int pixel = peak.OfBlock(shared.SubView(BlockSums.SharedDoubles / 2), integers);
            if (Group.IdxX == 0) a.Peak[sample] = pixel;
            Group.Barrier();
        }

        double channels = a.ChannelMean != 0 ? a.StudentMaps.Channels : 1.0;
        double norm = Ptx.SquareRoot(ofStudent) / channels;
        double divisor = Divisor(a, norm, channels);
        double teacherChannels = a.ChannelMean != 0 ? a.TeacherMaps.Channels : 1.0;
        double teacherDivisor = Divisor(a, Ptx.SquareRoot(ofTeacher) / teacherChannels, teacherChannels);
        if (a.Map.Length > 0)
        {
            var map = a.Map.SubView(sample * a.Pixels);
            for (int j = Group.IdxX; j < a.Pixels; j += MapColumns.Threads)
                map[j] = (float)(Ptx.LoadShared(ref student[j]) / divisor);
        }
        if (a.Mode == AttentionMode.Map) return;

        double squares = 0;
        double along = 0;
        for (int j = Group.IdxX; j < a.Pixels; j += MapColumns.Threads)
        {
            double q = Ptx.LoadShared(ref student[j]) / divisor;
            double g = Direction(a, sample, teacher, j, q, teacherDivisor);
            squares += g * g;
            along += q * g;
        }
        BlockSums.Of(ref squares, ref along, shared, 1);

        double factor = 1.0;
        if (a.Mode == AttentionMode.Loss)
        {
            double distance = Ptx.SquareRoot(squares);
            bool paper = a.Paper != 0;
            if (Group.IdxX == 0) WriteLoss(a, sample, a.Beta * (paper ? distance * 0.5 : squares));
            // Equal maps: the paper's norm has no slope there, and 0 is the one that moves nothing.
            double slope = !paper ? 2.0 : distance == 0.0 ? 0.0 : 0.5 / distance;
            float upstream = a.Upstream.Length > 0 ? a.Upstream[a.Reduction == 0 ? sample : 0] : 1f;
            factor = slope * a.Beta * upstream / Divisor(a);
        }
        if (a.Slopes.Length == 0) return;
        // Below the smallest norm the map is divided by a constant that is not its norm, and gives up its gradient.
        factor = norm < SmallestNorm ? 0.0 : factor * a.Power / (channels * norm);
        var slopes = a.Slopes.SubView(sample * a.Pixels);
        for (int j = Group.IdxX; j < a.Pixels; j += MapColumns.Threads)
        {
            double q = Ptx.LoadShared(ref student[j]) / divisor;
            double g = Direction(a, sample, teacher, j, q, teacherDivisor);
            slopes[j] = norm < SmallestNorm ? 0f : (float)((g - (q * along)) * factor);
        }
        Group.Barrier();
    }

    /// <summary>What the sum over the samples is divided by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Divisor<T>(in AttentionArguments<T> a)
        where T : unmanaged =>
        a.Reduction == 3 ? a.Samples : a.Reduction == 2 ? (double)a.Samples * a.Pixels : 1.0;

    /// <summary>The sum over the parts, which also takes the place of the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Gather<T>(in AttentionArguments<T> a, ArrayView<double> maps, int pixel)
        where T : unmanaged
    {
        double sum = Ptx.LoadShared(ref maps[pixel]);
        for (int part = 1; part < a.Parts; part++) sum += Ptx.LoadShared(ref maps[((long)part * a.Pixels) + pixel]);
        if (a.Parts > 1) maps[pixel] = sum;
        return sum;
    }

    /// <summary>What a sum over channels is divided by. A NaN norm makes all of the map NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Divisor<T>(in AttentionArguments<T> a, double norm, double channels)
        where T : unmanaged =>
        a.Normalise == 0 ? channels : channels * (norm < SmallestNorm ? SmallestNorm : norm);

    /// <summary>The gradient of q, up to a factor: q_s − q_t, or what is given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Direction<T>(
        in AttentionArguments<T> a, long sample, ArrayView<double> teacher, int pixel, double q, double teacherDivisor)
        where T : unmanaged =>
        a.Mode == AttentionMode.Loss
            ? q - (Ptx.LoadShared(ref teacher[pixel]) / teacherDivisor)
            : a.Upstream[(sample * a.Pixels) + pixel];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteLoss<T>(in AttentionArguments<T> a, long sample, double loss)
        where T : unmanaged
    {
        if (a.Loss.Length == 0) return;
        if (a.Reduction == 0) a.Loss[sample] = (float)loss;
        else a.Partials[sample] = loss;
    }
}
