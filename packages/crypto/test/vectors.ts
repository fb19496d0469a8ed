/** Known answers, re-typed as hex from the test programs of MIT krb5 and from the RFCs. */

/** MIT krb5 src/lib/crypto/crypto_tests/t_decrypt.c; types 19 and 20 are RFC 8009 appendix A's. */
export const sealed = [
  {
    etype: 23,
    usage: 0,
    plaintext: '',
    key: 'f81fec39255f5784e850c4377c88bd85',
    ciphertext: '02c1eb15586144122ec717763dd348bf00434ddc6585954c',
  },
  {
    etype: 23,
    usage: 1,
    plaintext: '31',
    key: '67d1300d281223867f9647ff48721273',
    ciphertext: '6156e0cc04e0a0874f9fda008f498a7adbbc80b70b14dddbc0',
  },
  {
    etype: 23,
    usage: 2,
    plaintext: '392062797465737373',
    key: '3e40ab6093695281b3ac1a9304224d98',
    ciphertext: '0f9ad121d99d4a09448e4f1f718c4f5cbe6096262c66f29df232a87c9f98755d55',
  },
  {
    etype: 23,
    usage: 3,
    plaintext: '31332062797465732062797465',
    key: '4ba2fbf0379faed87a254d3b353d5a7e',
    ciphertext: '612c57568b17a70352bae8cf26fb9459a6f3353cd35fd439db3107cbec765d326dfc04c1dd',
  },
  {
    etype: 23,
    usage: 4,
    plaintext: '333020627974657320627974657320627974657320627974657320627974',
    key: '68f263db3fce15d031c9eab02d67107a',
    ciphertext:
      '95f9047c3ad75891c2e9b04b16566dc8b6eb9ce4231afb2542ef87a7b5a0f260' +
      'a99f0460508de0cecc632d07c354124e46c5d2234eb8',
  },
  {
    etype: 17,
    usage: 0,
    plaintext: '',
    key: '5a5c0f0ba54f3828b2195e66ca24a289',
    ciphertext: '49ff8e11c173d9583a3254fbe7b1f1df36c538e8416784a1672e6676',
  },
  {
    etype: 17,
    usage: 1,
    plaintext: '31',
    key: '98450e3f3baa13f5c99beb936981b06f',
    ciphertext: 'f86742f537b35dc2174a4dbaa920faf9042090b065e1ebb1cad9a65394',
  },
  {
    etype: 17,
    usage: 2,
    plaintext: '392062797465737373',
    key: '9062430c8cda3388922e6d6a509f5b7a',
    ciphertext: '68fb9679601f45c78857b2bf820fd6e53eca8d42fd4b1d7024a09205abb7cd2ec26c355d2f',
  },
  {
    etype: 17,
    usage: 3,
    plaintext: '31332062797465732062797465',
    key: '033ee6502c54fd23e27791e987983827',
    ciphertext:
      'ec366d0327a933bf49330e650e49bc6b974637fe80bf532fe51795b4809718e6194724db948d1fd637',
  },
  {
    etype: 17,
    usage: 4,
    plaintext: '333020627974657320627974657320627974657320627974657320627974',
    key: 'dceeb70b3de76562e689226c76429148',
    ciphertext:
      'c96081032d5d8eeb7e32b4089f789d0faa481dea74c0f97cbf3146ddfcf8e800' +
      '156ecb532fc203e30ff600b63b350939fece510f02d7ff1e7bac',
  },
  {
    etype: 18,
    usage: 0,
    plaintext: '',
    key: '17f275f2954f2ed1f90c377ba7f4d6a369aa0136e0bf0c927ad6133c693759a9',
    ciphertext: 'e5094c55ee7b38262e2b044280b069379a95bf95bd8376fb3281b435',
  },
  {
    etype: 18,
    usage: 1,
    plaintext: '31',
    key: 'b9477e1ff0329c0050e20ce6c72d2dff27e8fe541ab0954429a9cb5b4f7b1e2a',
    ciphertext: '406150b97aeb76d43b36b62cc1ecdfbe6f40e95755e0beb5c27825f3a4',
  },
  {
    etype: 18,
    usage: 2,
    plaintext: '392062797465737373',
    key: 'b1ae4cd8462aff1677053cc9279aac30b796fb81ce21474dd3ddbcfea4ec76d7',
    ciphertext: '09957aa25fcaf88f7b39e4406e633012d5fea21853f6478da7065caef41fd454a40824eec5',
  },
  {
    etype: 18,
    usage: 3,
    plaintext: '31332062797465732062797465',
    key: 'e5a72be9b7926c1225bafef9c1872e7ba4cdb2b17893d84abd90acdd8764d966',
    ciphertext:
      'd8f1aafeec84587cc3e700a774e56651a6d693e174ec4473b5e6d96f80297a653fb818ad893e719f96',
  },
  {
    etype: 18,
    usage: 4,
    plaintext: '333020627974657320627974657320627974657320627974657320627974',
    key: 'f1c795e9248a09338d82c3f8d5b567040b0110736845041347235b1404231398',
    ciphertext:
      'd1137a4d634cfece924dbc3bf6790648bd5cff7de0e7b99460211d0daef3d79a' +
      '295c688858f3b34b9cbd6eebae81daf6b734d4d498b6714f1c1d',
  },
  {
    etype: 19,
    usage: 2,
    plaintext: '',
    key: '3705d96080c17728a0e800eab6e0d23c',
    ciphertext: 'ef85fb890bb8472f4dab20394dca781dad877eda39d50c870c0d5a0a8e48c718',
  },
  {
    etype: 19,
    usage: 2,
    plaintext: '000102030405',
    key: '3705d96080c17728a0e800eab6e0d23c',
    ciphertext: '84d7f30754ed987bab0bf3506beb09cfb55402cef7e6877ce99e247e52d16ed4421dfdf8976c',
  },
  {
    etype: 19,
    usage: 2,
    plaintext: '000102030405060708090a0b0c0d0e0f',
    key: '3705d96080c17728a0e800eab6e0d23c',
    ciphertext:
      '3517d640f50ddc8ad3628722b3569d2ae07493fa8263254080ea65c1008e8fc2' +
      '95fb4852e7d83e1e7c48c37eebe6b0d3',
  },
  {
    etype: 19,
    usage: 2,
    plaintext: '000102030405060708090a0b0c0d0e0f1011121314',
    key: '3705d96080c17728a0e800eab6e0d23c',
    ciphertext:
      '720f73b18d9859cd6ccb4346115cd336c70f58edc0c4437c5573544c31c813bc' +
      'e1e6d072c186b39a413c2f92ca9b8334a287ffcbfc',
  },
  {
    etype: 20,
    usage: 2,
    plaintext: '',
    key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    ciphertext: '41f53fa5bfe7026d91faf9be959195a058707273a96a40f0a01960621ac612748b9bbfbe7eb4ce3c',
  },
  {
    etype: 20,
    usage: 2,
    plaintext: '000102030405',
    key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    ciphertext:
      '4ed7b37c2bcac8f74f23c1cf07e62bc7b75fb3f637b9f559c7f664f69eab7b60' +
      '92237526ea0d1f61cb20d69d10f2',
  },
  {
    etype: 20,
    usage: 2,
    plaintext: '000102030405060708090a0b0c0d0e0f',
    key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    ciphertext:
      'bc47ffec7998eb91e8115cf8d19dac4bbbe2e163e87dd37f49beca92027764f6' +
      '8cf51f14d798c2273f35df574d1f932e40c4ff255b36a266',
  },
  {
    etype: 20,
    usage: 2,
    plaintext: '000102030405060708090a0b0c0d0e0f1011121314',
    key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    ciphertext:
      '40013e2df58e8751957d2878bcd2d6fe101ccfd556cb1eae79db3c3ee86429f2' +
      'b2a602ac86fef6ecb647d6295fae077a1feb517508d2c16b4192e01f62',
  },
];

/** MIT krb5 src/lib/crypto/crypto_tests/t_derive.c; types 19 and 20 are RFC 8009 appendix A's. */
export const derived = [
  {
    etype: 17,
    key: '42263c6e89f4fc28b8df68ee09799f15',
    constant: '0000000299',
    result: '34280a382bc92769b2da2f9ef066854b',
  },
  {
    etype: 17,
    key: '42263c6e89f4fc28b8df68ee09799f15',
    constant: '00000002aa',
    result: '5b14fc4e250e14ddf9dccf1af6674f53',
  },
  {
    etype: 17,
    key: '42263c6e89f4fc28b8df68ee09799f15',
    constant: '0000000255',
    result: '4ed31063621684f09ae8d89991af3e8f',
  },
  {
    etype: 18,
    key: 'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161',
    constant: '0000000299',
    result: 'bfab388bdcb238e9f9c98d6a878304f04d30c82556375ac507a7a852790f4674',
  },
  {
    etype: 18,
    key: 'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161',
    constant: '00000002aa',
    result: 'c7cfd9cd75fe793a586a542d87e0d1396f1134a104bb1a9190b8c90ada3ddf37',
  },
  {
    etype: 18,
    key: 'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161',
    constant: '0000000255',
    result: '97151b4c76945063e2eb0529dc067d97d7bba90776d8126d91f34f3101aea8ba',
  },
  {
    etype: 19,
    key: '3705d96080c17728a0e800eab6e0d23c',
    constant: '0000000299',
    result: 'b31a018a48f54776f403e9a396325dc3',
  },
  {
    etype: 19,
    key: '3705d96080c17728a0e800eab6e0d23c',
    constant: '00000002aa',
    result: '9b197dd1e8c5609d6e67c3e37c62c72e',
  },
  {
    etype: 19,
    key: '3705d96080c17728a0e800eab6e0d23c',
    constant: '0000000255',
    result: '9fda0e56ab2d85e1569a688696c26a6c',
  },
  {
    etype: 20,
    key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    constant: '0000000299',
    result: 'ef5718be86cc84963d8bbb5031e9f5c4ba41f28faf69e73d',
  },
  {
    etype: 20,
    key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    constant: '00000002aa',
    result: '56ab22bee63d82d7bc5227f6773f8ea7a5eb1c825160c38312980c442e5c7e49',
  },
  {
    etype: 20,
    key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    constant: '0000000255',
    result: '69b16514e3cd8e56b82010d5c73012b622c4d00ffc23ed1f',
  },
];

/** MIT krb5 src/lib/crypto/crypto_tests/t_prf.c; types 19 and 20 are RFC 8009 appendix A's. */
export const pseudoRandom = [
  {
    etype: 17,
    key: 'ae272e7cdec86ac5138cdb196d8e297d',
    input: '0161',
    output: '77b39a37a868920f2a51f9dd150c5717',
  },
  {
    etype: 17,
    key: '67ab1cfef35e4c27ffdeac60385a3e9c',
    input: '0162',
    output: 'e06c0dd31ff02091994f2ef5178bfe3d',
  },
  {
    etype: 18,
    key: 'c01f157211f7b77eaaf457c3e156690127ee127d810ba6392e97baa243eb0616',
    input: '0161',
    output: 'b2628c788e2e9c4a9bb4644678c29f2f',
  },
  {
    etype: 18,
    key: 'c01f157211f7b77eaaf457c3e156690127ee127d810ba6392e97baa243eb0616',
    input: '0261',
    output: 'b406373350cee8a6126f4a9b65a0cd21',
  },
  {
    etype: 18,
    key: '9d520d2d980aa7cb6b693682b62da258b333867951642ce647ae62b1e5e0b5e9',
    input: '0162',
    output: 'ff0e289ea756c0559a0e911856961a49',
  },
  {
    etype: 18,
    key: '9d520d2d980aa7cb6b693682b62da258b333867951642ce647ae62b1e5e0b5e9',
    input: '0262',
    output: '0d674dd0f9a6806525a4d92e828bd15a',
  },
  {
    etype: 19,
    key: '3705d96080c17728a0e800eab6e0d23c',
    input: '74657374',
    output: '9d188616f63852fe86915bb840b4a886ff3e6bb0f819b49b893393d393854295',
  },
  {
    etype: 20,
    key: '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    input: '74657374',
    output:
      '9801f69a368c2bf675e59521e177d9a07f67efe1cfde8d3c8d6f6a0256e3b17d' +
      'b3c1b62ad1b8553360d17367eb1514d2',
  },
];

/** RFC 3962 appendix B and RFC 8009 appendix A, as in MIT krb5's t_str2key.c. */
export const passwords = [
  {
    etype: 17,
    password: 'password',
    salt: '415448454e412e4d49542e4544557261656275726e',
    iterations: 1,
    key: '42263c6e89f4fc28b8df68ee09799f15',
  },
  {
    etype: 18,
    password: 'password',
    salt: '415448454e412e4d49542e4544557261656275726e',
    iterations: 1,
    key: 'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161',
  },
  {
    etype: 17,
    password: 'password',
    salt: '415448454e412e4d49542e4544557261656275726e',
    iterations: 2,
    key: 'c651bf29e2300ac27fa469d693bdda13',
  },
  {
    etype: 18,
    password: 'password',
    salt: '415448454e412e4d49542e4544557261656275726e',
    iterations: 2,
    key: 'a2e16d16b36069c135d5e9d2e25f896102685618b95914b467c67622225824ff',
  },
  {
    etype: 17,
    password: 'password',
    salt: '415448454e412e4d49542e4544557261656275726e',
    iterations: 1200,
    key: '4c01cd46d632d01e6dbe230a01ed642a',
  },
  {
    etype: 18,
    password: 'password',
    salt: '415448454e412e4d49542e4544557261656275726e',
    iterations: 1200,
    key: '55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a',
  },
  {
    etype: 17,
    password: 'password',
    salt: '1234567878563412',
    iterations: 5,
    key: 'e9b23d52273747dd5c35cb55be619d8e',
  },
  {
    etype: 18,
    password: 'password',
    salt: '1234567878563412',
    iterations: 5,
    key: '97a4e786be20d81a382d5ebc96d5909cabcdadc87ca48f574504159f16c36e31',
  },
  {
    etype: 17,
    password: 'X'.repeat(64),
    salt: '706173732070687261736520657175616c7320626c6f636b2073697a65',
    iterations: 1200,
    key: '59d1bb789a828b1aa54ef9c2883f69ed',
  },
  {
    etype: 18,
    password: 'X'.repeat(64),
    salt: '706173732070687261736520657175616c7320626c6f636b2073697a65',
    iterations: 1200,
    key: '89adee3608db8bc71f1bfbfe459486b05618b70cbae22092534e56c553ba4b34',
  },
  {
    etype: 17,
    password: 'X'.repeat(65),
    salt: '7061737320706872617365206578636565647320626c6f636b2073697a65',
    iterations: 1200,
    key: 'cb8005dc5f90179a7f02104c0018751d',
  },
  {
    etype: 18,
    password: 'X'.repeat(65),
    salt: '7061737320706872617365206578636565647320626c6f636b2073697a65',
    iterations: 1200,
    key: 'd78c5c9cb872a8c9dad4697f0bb5b2d21496c82beb2caeda2112fceea057401b',
  },
  {
    etype: 17,
    password: '\u{1d11e}',
    salt: '4558414d504c452e434f4d7069616e697374',
    iterations: 50,
    key: 'f149c1f2e154a73452d43e7fe62a56e5',
  },
  {
    etype: 18,
    password: '\u{1d11e}',
    salt: '4558414d504c452e434f4d7069616e697374',
    iterations: 50,
    key: '4b6d9839f84406df1f09cc166db4b83c571848b784a3d6bdc346589a3e393f9e',
  },
  {
    etype: 19,
    password: 'password',
    salt: '10df9dd783e5bc8acea1730e74355f61415448454e412e4d49542e4544557261656275726e',
    iterations: 32768,
    key: '089bca48b105ea6ea77ca5d2f39dc5e7',
  },
  {
    etype: 20,
    password: 'password',
    salt: '10df9dd783e5bc8acea1730e74355f61415448454e412e4d49542e4544557261656275726e',
    iterations: 32768,
    key: '45bd806dbf6a833a9cffc1c94589a222367a79bc21c413718906e9f578a78467',
  },
];
