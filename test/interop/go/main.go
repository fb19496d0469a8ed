// gokrb5 as client and as service, set up as for Active Directory (DisablePAFXFAST) or, given
// "fast", as it is by itself: logs on with a password or a keytab, gets a ticket for a service, and accepts it with the service's
// keytab, which verifies and decodes the PAC.
package main

import (
	"fmt"
	"os"

	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/service"
	"github.com/jcmturner/gokrb5/v8/types"
)

func check(err error) {
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
}

// Arguments: krb5.conf, user, realm, password or @keytab, SPN, keytab of the service, "fast".
func main() {
	conf, err := config.Load(os.Args[1])
	check(err)
	user, realm, secret, spn := os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	fast := client.DisablePAFXFAST(len(os.Args) < 8 || os.Args[7] != "fast")
	var c *client.Client
	if secret[0] == '@' {
		kt, err := keytab.Load(secret[1:])
		check(err)
		c = client.NewWithKeytab(user, realm, kt, conf, fast)
	} else {
		c = client.NewWithPassword(user, realm, secret, conf, fast)
	}
	check(c.Login())
	ticket, key, err := c.GetServiceTicket(spn)
	check(err)
	auth, err := types.NewAuthenticator(realm, c.Credentials.CName())
	check(err)
	request, err := messages.NewAPReq(ticket, key, auth)
	check(err)
	kt, err := keytab.Load(os.Args[6])
	check(err)
	settings := service.NewSettings(kt, service.DecodePAC(true))
	ok, creds, err := service.VerifyAPREQ(&request, settings)
	check(err)
	attributes := creds.GetADCredentials()
	fmt.Println(ok, creds.UserName(), attributes.EffectiveName, attributes.LogonDomainName, members(attributes))
}

func members(attributes credentials.ADCredentials) int {
	return len(attributes.GroupMembershipSIDs)
}
