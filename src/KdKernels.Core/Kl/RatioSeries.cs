namespace KdKernels.Core;

/// <summary>The constants of a mixture's term.</summary>
internal static class RatioSeries
{
    /// <summary>
    /// With E = q/p − 1, <c>b(1 + E)log(1 + E) − (1 + bE)log(1 + bE) = E²·Σ (−1)^k b(1 − b^(k−1))/(k(k−1))·E^(k−2)</c>,
    /// k from 2.
    /// </summary>
    public static RatioConstants<TVector> Constants<TVector, TElement>(double weight)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        var constants = new RatioConstants<TVector>
        {
            Weight = TVector.Broadcast(weight),
            MinusRest = TVector.Broadcast(weight - 1),
        };
        for (int i = 0; i < RatioSeries<TVector>.Length; i++)
        {
            int k = RatioSeries<TVector>.Length + 1 - i;
            double sign = k % 2 == 0 ? 1 : -1;
            constants.Series[i] = TVector.Broadcast(
                sign * weight * (1 - Math.Pow(weight, k - 1)) / ((double)k * (k - 1)));
        }

        return constants;
    }
}
