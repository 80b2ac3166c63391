using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Entropy;

/// <summary>
/// Sums over a row, or over a thread's part of it, measured from a logit M: with a = z − M, S = Σ 2^(a·scale) and
/// A = Σ 2^(a·scale) a. The entropy is ln S − A/(S·T): no logarithm of a probability, so none of 0.
/// </summary>
public struct EntropySums : IPairVisitor
{
    public float Max;
    public float Mass;
    public float First;
    public float Scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EntropySums From(float max, float scale)
    {
        EntropySums sums;
        sums.Max = max;
        sums.Mass = 0f;
        sums.First = 0f;
        sums.Scale = scale;
        return sums;
    }

    /// <summary>Takes one logit; an excluded one has no mass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        float a = first - Max;
        float p = Ptx.Exp2(a * Scale);
        Mass += p;
        First += p == 0f ? 0f : p * a;
    }

    /// <summary>Measures the sums from another logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MoveTo(float max)
    {
        float a = Max - max;
        float p = Ptx.Exp2(a * Scale);
        First = p * (First + (a * Mass));
        Mass *= p;
        Max = max;
    }

    /// <summary>The entropy in nats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Entropy(float inverseTemperature) => Numbers.Log(Mass) - (Mean * inverseTemperature);

    /// <summary>Σ p a.</summary>
    public readonly float Mean => First * Ptx.Reciprocal(Mass);
}

/// <summary>
/// <see cref="EntropySums"/> of what one thread has seen so far, measured from a logit that is raised when a new one exceeds it by
/// more than 8 bits.
/// </summary>
public struct EntropyOnline
{
    private const float Slack = 8f;
    private float seen;

    public EntropySums Sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EntropyOnline From(float scale)
    {
        EntropyOnline online;
        online.Sums = EntropySums.From(Numbers.Lowest, scale);
        online.seen = Numbers.Lowest;
        return online;
    }

    /// <summary>To be shown the logits that come next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly MaxVisitor Begin()
    {
        MaxVisitor visitor;
        visitor.Max = seen;
        return visitor;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Raise(MaxVisitor visitor)
    {
        seen = visitor.Max;
        if ((seen - Sums.Max) * Sums.Scale > Slack) Sums.MoveTo(seen);
    }

    /// <summary>Takes one logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(float z)
    {
        var max = Begin();
        max.Visit(z, z, 0);
        Raise(max);
        Sums.Visit(z, z, 0);
    }

    /// <summary>The sums of all threads of the group, measured from the largest logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EntropySums Combine<TGroup>(ref TGroup group)
        where TGroup : struct, IGroup
    {
        float unused = 0f;
        group.Max(ref seen, ref unused, 0);
        Sums.MoveTo(seen);
        group.Sum(ref Sums.Mass, ref Sums.First, ref unused, 1);
        return Sums;
    }
}

/// <summary>The largest logit.</summary>
public struct MaxVisitor : IPairVisitor
{
    public float Max;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index) => Max = IntrinsicMath.Max(Max, first);
}

/// <summary>dH/dz = −p (log p + H) / T = −p (a − Σ p a) / T²: a difference of logits, which does not cancel.</summary>
public struct EntropyGradientMap : IPairMap
{
    public float Max;
    public float LogMass;
    public float Scale;
    public float Mean;

    /// <summary>−upstream / T² and the divisor.</summary>
    public float Factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EntropyGradientMap Of(EntropySums sums, float factor)
    {
        EntropyGradientMap map;
        map.Max = sums.Max;
        map.LogMass = Ptx.Log2(sums.Mass);
        map.Scale = sums.Scale;
        map.Mean = sums.Mean;
        map.Factor = factor;
        return map;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index)
    {
        float a = first - Max;
        float p = Ptx.Exp2((a * Scale) - LogMass);
        return p == 0f ? 0f : Factor * p * (a - Mean);
    }
}
