using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>What is known of a row of logits: p = 2^((z − Max)·Scale)·Inverse.</summary>
public struct JvpRow
{
    public float Max;
    public float Scale;

    /// <summary>1 / Σ 2^((z − Max)·Scale).</summary>
    public float Inverse;

    /// <summary>The first most likely class: what tangents are measured from.</summary>
    public int Top;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Weights(Quad z)
    {
        Quad quad;
        quad.X = Ptx.Exp2((z.X - Max) * Scale);
        quad.Y = Ptx.Exp2((z.Y - Max) * Scale);
        quad.Z = Ptx.Exp2((z.Z - Max) * Scale);
        quad.W = Ptx.Exp2((z.W - Max) * Scale);
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Probabilities(Quad z) => Weights(z).Times(Inverse);
}

/// <summary>
/// What becomes of a tile of up to four tangents: <c>v ↦ (p or 1)·Factor·(v − Origin − Mean) − Loss·p</c>.
/// </summary>
public struct JvpProduct
{
    /// <summary>The value at the most likely class; a common shift of a tangent then costs no digits, nor does a one-hot p.</summary>
    public Quad Origin;

    /// <summary>⟨p, v − Origin⟩.</summary>
    public Quad Mean;

    /// <summary>Factor·Σ g, for the transpose of log-softmax.</summary>
    public Quad Loss;

    public float Factor;

    /// <summary>Whether p multiplies: the softmax's own derivative.</summary>
    public bool ByProbability;

    /// <summary>From the sums of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpProduct Of(int form, float factor, Quad origin, Quad sums)
    {
        JvpProduct product;
        bool transpose = form == 2;
        product.Origin = origin;
        product.Mean = transpose ? Quad.Of(0f) : Finite(sums);
        product.Loss = transpose ? sums.Times(factor) : Quad.Of(0f);
        product.Factor = factor;
        product.ByProbability = form == 0;
        return product;
    }

    /// <summary>The j-th tangent's elements; <paramref name="j"/> is a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Apply(Quad p, Quad v, int j)
    {
        Quad factor = ByProbability ? p.Times(Factor) : Quad.Of(Factor);
        Quad centred = v.Less(Origin.Get(j)).Less(Mean.Get(j));
        return factor.Times(centred).Plus(p, -Loss.Get(j));
    }

    // An infinite mean would leave finite elements infinite and make NaN of the infinite ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Finite(Quad means)
    {
        means.X = Numbers.IsFinite(means.X) ? means.X : float.NaN;
        means.Y = Numbers.IsFinite(means.Y) ? means.Y : float.NaN;
        means.Z = Numbers.IsFinite(means.Z) ? means.Z : float.NaN;
        means.W = Numbers.IsFinite(means.W) ? means.W : float.NaN;
        return means;
    }
}
